package io.livegraft.gpu.cuda;

import java.io.Serializable;
import jcuda.driver.CUresult;

/** A result of the driver API, 0 where all is well; CUresult in cuda.h. */
public record CudaCode(int value) implements Serializable {
    public boolean success() {
        return value == CUresult.CUDA_SUCCESS;
    }

    /** Whether memory was short: the context is as good as before. */
    public boolean outOfMemory() {
        return value == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }

    static CudaCode outOfMemoryCode() {
        return new CudaCode(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    }

    /** As {@code CUDA_ERROR_OUT_OF_MEMORY (2)}. */
    @Override
    public String toString() {
        return "%s (%d)".formatted(CUresult.stringFor(value), value);
    }
}
