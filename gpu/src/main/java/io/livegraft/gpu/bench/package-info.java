/** How fast the engine is on this machine, with random weights: its half of {@code livegraft bench engine} and {@code bench train}. */
@NullMarked
package io.livegraft.gpu.bench;

import org.jspecify.annotations.NullMarked;
