/**
 * What a device must be able to do: a list of tensor operations, forward and backward beside each other.
 *
 * <p>Policy: forward operations and activations have {@code =}; every backward operation adds ({@code +=}) into its
 * gradient, because the residual stream and gradient accumulation both need the sum. Law 3: an element of a result is
 * computed in one fixed order that depends on the operation and the element's own inputs only, never on how many rows or
 * threads there are.
 */
@NullMarked
package io.livegraft.gpu.backend;

import org.jspecify.annotations.NullMarked;
