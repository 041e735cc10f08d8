/**
 * The CUDA backend on JCuda's driver API: one device, one stream, one arena of memory. Each family of kernels has a class that owns
 * its launches; {@link io.livegraft.gpu.cuda.CudaDevice} is the only one that calls the driver's context.
 */
@NullMarked
package io.livegraft.gpu.cuda;

import org.jspecify.annotations.NullMarked;
