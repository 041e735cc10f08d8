/**
 * The CPU as a device: {@link io.livegraft.gpu.cpu.ReferenceBackend} is the specification (scalar, double),
 * {@link io.livegraft.gpu.cpu.VectorBackend} the fast twin on the Vector API and, on x86-64, on machine code of its own.
 *
 * <p>Products of the portable kernels are chains of fused multiply-adds in order of the inner dimension, one chain per element;
 * vectors run over the elements, so not even vector width can change a bit. Products with frozen weights take what the machine
 * has ({@link io.livegraft.gpu.cpu.CpuKernels}): bits then depend on its instruction set, which the profile names, but never on
 * threads or batch rows (law 3).
 */
@NullMarked
package io.livegraft.gpu.cpu;

import org.jspecify.annotations.NullMarked;
