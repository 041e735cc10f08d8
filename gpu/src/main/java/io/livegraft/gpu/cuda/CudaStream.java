package io.livegraft.gpu.cuda;

import jcuda.driver.CUstream;

/** A stream whose handle other libraries than JCuda can be given. */
final class CudaStream extends CUstream {
    long handle() {
        return getNativePointer();
    }
}
