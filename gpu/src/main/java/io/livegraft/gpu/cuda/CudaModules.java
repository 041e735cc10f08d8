package io.livegraft.gpu.cuda;

import jcuda.driver.CUmodule;

/** Where kernels come from. */
interface CudaModules {
    /**
     * One source file's kernels for the current context.
     *
     * @param name of the source, without its ending
     */
    CUmodule load(String name, CudaCapability capability);

    /** What the bits of results depend on: SHA-256 over all sources, hexadecimal. */
    String digest();
}
