package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A kernel goes through JCuda and the stand-in driver, and what a card would punish shows. */
class StandInDriverTest {
    private static final int COUNT = 997;
    private static final String NEIGHBOURS = """
            #include "livegraft.cuh"
            // target[i] = the sum of a block's values but its own one
            KERNEL(others, const float* source, float* target, int count) {
                SHARED(float, tile, 128);
                int i = int(blockIdx.x * blockDim.x + threadIdx.x);
                tile[threadIdx.x] = i < count ? source[i] : 0.0f;
                BARRIER
                float sum = 0.0f;
                for (unsigned j = 0; j < blockDim.x; j++) {
                    sum += j == threadIdx.x ? 0.0f : tile[j];
                }
                if (i < count) {
                    target[i] = sum;
                }
            }
            """;

    @TempDir
    private Path folder;

    private final CUcontext context = new CUcontext();

    @BeforeEach
    void open() {
        StandInDriver.load();
        JCudaDriver.setExceptionsEnabled(true);
        JCudaDriver.cuInit(0);
        JCudaDriver.cuCtxCreate(context, 0, new CUdevice());
    }

    @AfterEach
    void close() {
        StandInDriver.order(FiberOrder.FORWARD, 1);
        JCudaDriver.cuCtxDestroy(context);
        JCudaDriver.setExceptionsEnabled(false);
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void runsAKernelInEveryOrderOfItsThreads(FiberOrder order) throws IOException {
        StandInDriver.order(order, 7);
        assertArrayEquals(expected(), others("sync_block();"));
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void showsAMissingBarrierInEveryOrder(FiberOrder order) throws IOException {
        StandInDriver.order(order, 7);
        assertFalse(Arrays.equals(expected(), others("")));
    }

    @Test
    void startsDeviceMemoryAsNaN() {
        CUdeviceptr memory = new CUdeviceptr();
        JCudaDriver.cuMemAlloc(memory, 4 * COUNT);
        float[] values = new float[COUNT];
        JCudaDriver.cuMemcpyDtoH(Pointer.to(values), memory, 4 * COUNT);
        JCudaDriver.cuMemFree(memory);
        for (float value : values) {
            assertTrue(Float.isNaN(value));
        }
    }

    private float[] others(String barrier) throws IOException {
        Path source = Files.writeString(folder.resolve("others.cu"), NEIGHBOURS.replace("BARRIER", barrier));
        CUmodule module = new CUmodule();
        JCudaDriver.cuModuleLoadData(module, Files.readAllBytes(HostCompiler.kernels(source)));
        CUfunction kernel = new CUfunction();
        JCudaDriver.cuModuleGetFunction(kernel, module, "others");
        CUdeviceptr from = new CUdeviceptr();
        CUdeviceptr to = new CUdeviceptr();
        JCudaDriver.cuMemAlloc(from, 4 * COUNT);
        JCudaDriver.cuMemAlloc(to, 4 * COUNT);
        JCudaDriver.cuMemcpyHtoD(from, Pointer.to(values()), 4 * COUNT);
        Pointer arguments = Pointer.to(Pointer.to(from), Pointer.to(to), Pointer.to(new int[] {COUNT}));
        JCudaDriver.cuLaunchKernel(kernel, (COUNT + 127) / 128, 1, 1, 128, 1, 1, 0, null, arguments, null);
        float[] result = new float[COUNT];
        JCudaDriver.cuMemcpyDtoH(Pointer.to(result), to, (long) COUNT * Sizeof.FLOAT);
        JCudaDriver.cuMemFree(from);
        JCudaDriver.cuMemFree(to);
        JCudaDriver.cuModuleUnload(module);
        return result;
    }

    private static float[] values() {
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = i % 13 - 6;
        }
        return values;
    }

    private static float[] expected() {
        float[] values = values();
        float[] sums = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            int first = i / 128 * 128;
            for (int j = first; j < Math.min(first + 128, COUNT); j++) {
                sums[i] += j == i ? 0 : values[j];
            }
        }
        return sums;
    }
}
