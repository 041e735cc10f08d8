/** The gateway over hand-written doubles of the node, on a real port. */
@NullMarked
package io.livegraft.gateway;

import org.jspecify.annotations.NullMarked;
