/** How the product refuses: one exception type, one closed set of codes; what a code means to a client is the gateway's. */
@NullMarked
package io.livegraft.gpu.error;

import org.jspecify.annotations.NullMarked;
