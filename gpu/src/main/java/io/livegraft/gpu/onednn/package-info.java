/**
 * oneDNN's float32 matrix product, called through the foreign function interface: about a dozen C functions of
 * {@code libdnnl} (oneDNN Developer Guide, version 3, "Matrix Multiplication"). Knows nothing of weights or models; where the
 * library can't be loaded it says why, and the CPU backend goes on without it.
 */
@NullMarked
package io.livegraft.gpu.onednn;

import org.jspecify.annotations.NullMarked;
