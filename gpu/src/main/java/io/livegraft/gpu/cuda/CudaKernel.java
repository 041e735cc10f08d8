package io.livegraft.gpu.cuda;

import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * A function of a module, and the block that its arguments are written into again and again.
 *
 * <pre>{@code
 *   kernel.arguments().tensor(y).tensor(x).integer(n).launch(blocks, 256);
 * }</pre>
 */
final class CudaKernel {
    /** Dynamic shared memory that needs no permission, in bytes: 48 KiB with a kernel's own static one. */
    private static final int FREE_SHARED = 32 << 10;

    private static final Pointer NOTHING = new Pointer();

    private final CudaDevice device;
    private final String name;
    private final CUfunction function;
    private final ArgumentBlock arguments = new ArgumentBlock();
    private long launches;
    private int shared = FREE_SHARED;

    CudaKernel(CudaDevice device, String name, CUfunction function) {
        this.device = device;
        this.name = name;
        this.function = function;
    }

    String name() {
        return name;
    }

    /** Launches since the start; one that a graph repeats counts once. */
    long launches() {
        return launches;
    }

    /** Begins anew. */
    CudaKernel arguments() {
        arguments.clear();
        return this;
    }

    CudaKernel tensor(CudaTensor tensor) {
        arguments.putLong(tensor.address());
        return this;
    }

    /** A pointer. */
    CudaKernel address(long address) {
        arguments.putLong(address);
        return this;
    }

    /** An {@code int}. */
    CudaKernel integer(int value) {
        arguments.putInt(value);
        return this;
    }

    /** A {@code long long}. */
    CudaKernel wide(long value) {
        arguments.putLong(value);
        return this;
    }

    /** A {@code float}. */
    CudaKernel number(float value) {
        arguments.putFloat(value);
        return this;
    }

    /** A {@code double}. */
    CudaKernel real(double value) {
        arguments.putDouble(value);
        return this;
    }

    /** In a row of {@code blocks}; none is nothing. */
    void launch(int blocks, int threads) {
        launch(blocks, 1, 1, threads, 0);
    }

    /**
     * In a grid of blocks; one without blocks is nothing.
     *
     * @param threads of a block
     * @param sharedBytes dynamic shared memory of a block
     */
    void launch(int x, int y, int z, int threads, int sharedBytes) {
        if (x == 0 || y == 0 || z == 0) {
            return;
        }
        if (sharedBytes > shared) {
            permit(sharedBytes);
        }
        device.queue().launch(this, new CudaGrid(x, y, z, threads, sharedBytes), arguments);
    }

    private void permit(int sharedBytes) {
        device.bind();
        CudaCall.check(
                JCudaDriver.cuFuncSetAttribute(
                        function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes),
                name,
                sharedBytes + " bytes of shared memory");
        shared = sharedBytes;
    }

    /** Asks the driver for a launch. */
    void issue(CudaGrid grid, ArgumentBlock with, CUstream stream) {
        launches++;
        int result = JCudaDriver.cuLaunchKernel(
                function,
                grid.x(),
                grid.y(),
                grid.z(),
                grid.threads(),
                1,
                1,
                grid.sharedBytes(),
                stream,
                with.pointer(),
                NOTHING);
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException(name, grid.toString(), new CudaCode(result));
        }
    }
}
