/**
 * The CPU as a device: {@link io.livegraft.gpu.cpu.ReferenceBackend} is the specification (scalar, double),
 * {@link io.livegraft.gpu.cpu.VectorBackend} the fast twin on the Vector API.
 *
 * <p>Every product of the fast twin is a chain of fused multiply-adds in order of the inner dimension, one chain per
 * element; vectors run over the elements, so neither vector width nor threads nor batch rows can change a bit (law 3).
 */
@NullMarked
package io.livegraft.gpu.cpu;

import org.jspecify.annotations.NullMarked;
