/** The gateway assembled: settings, the HTTP server over a node, and Main. */
@NullMarked
package io.livegraft.gateway;

import org.jspecify.annotations.NullMarked;
