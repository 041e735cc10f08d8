/** How this process logs. */
@NullMarked
package io.livegraft.gateway.logging;

import org.jspecify.annotations.NullMarked;
