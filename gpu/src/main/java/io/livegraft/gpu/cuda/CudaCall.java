package io.livegraft.gpu.cuda;

import jcuda.driver.CUresult;

/** Results of calls. */
final class CudaCall {
    private CudaCall() {}

    /** Throws what the driver answered unless that is success. */
    static void check(int result, String operation, String shapes) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException(operation, shapes, new CudaCode(result));
        }
    }
}
