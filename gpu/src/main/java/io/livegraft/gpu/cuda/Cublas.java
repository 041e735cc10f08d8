package io.livegraft.gpu.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * cuBLAS on a device's stream, with memory of the device's arena: products of many rows, whose order of sums it chooses by shape. A
 * status that is not success is a broken invariant.
 */
final class Cublas implements AutoCloseable {
    /** Everything that is called. */
    static final List<String> FUNCTIONS = List.of(
            "cublasCreate_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2", "cublasGemmEx", "cublasDestroy_v2");

    /** What NVIDIA recommends for cards of compute capability 9. */
    private static final long WORKSPACE_BYTES = 32L << 20;

    // cublas_api.h, library_types.h
    private static final int PLAIN = 0;
    private static final int TRANSPOSED = 1;
    private static final int REAL_32F = 0;
    private static final int REAL_16BF = 14;
    private static final int COMPUTE_32F = 68;
    private static final int DEFAULT_ALGORITHM = -1;

    private final CudaDevice device;
    private final MethodHandle gemm;
    private final MethodHandle destroy;
    private final MemorySegment handle;
    private final MemorySegment one;
    private final MemorySegment zero;
    private final DeviceMemory.Block workspace;

    Cublas(CudaDevice device, CublasLibrary library) {
        this.device = device;
        this.gemm = bind(
                library,
                "cublasGemmEx",
                ADDRESS,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT);
        this.destroy = bind(library, "cublasDestroy_v2", ADDRESS);
        this.one = Arena.global().allocateFrom(JAVA_FLOAT, 1f);
        this.zero = Arena.global().allocateFrom(JAVA_FLOAT, 0f);
        MemorySegment created = Arena.global().allocate(ADDRESS);
        device.bind();
        call(bind(library, "cublasCreate_v2", ADDRESS), "cublasCreate_v2", created);
        this.handle = created.get(ADDRESS, 0);
        long stream = device.queue().stream().handle();
        call(bind(library, "cublasSetStream_v2", ADDRESS, JAVA_LONG), "cublasSetStream_v2", handle, stream);
        this.workspace = device.memory().allocate(WORKSPACE_BYTES, DeviceMemory.Use.WORKSPACES);
        call(
                bind(library, "cublasSetWorkspace_v2", ADDRESS, JAVA_LONG, JAVA_LONG),
                "cublasSetWorkspace_v2",
                handle,
                workspace.address(),
                workspace.bytes());
    }

    @SuppressWarnings("restricted") // the launcher allows native access
    private static MethodHandle bind(CublasLibrary library, String function, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(library.symbols().findOrThrow(function), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static void call(MethodHandle function, String name, Object... arguments) {
        int status;
        try {
            status = (int) function.invokeWithArguments(arguments);
        } catch (Throwable broken) {
            throw new IllegalStateException("could not call " + name, broken);
        }
        if (status != 0) {
            throw new IllegalStateException("cuBLAS answered %s with status %d".formatted(name, status));
        }
    }

    /** {@code y = x · wᵀ}. Its matrices go by columns: {@code yᵀ (out,N) = wᵀᵀ · xᵀ}. */
    void multiply(CudaTensor y, Bf16Matrix x, Bf16Matrix w) {
        device.queue()
                .issue(() -> call(
                        gemm,
                        "cublasGemmEx of (%d,%d,%d)".formatted(y.rows(), y.columns(), x.columns()),
                        handle,
                        TRANSPOSED,
                        PLAIN,
                        y.columns(),
                        y.rows(),
                        x.columns(),
                        one,
                        w.address(),
                        REAL_16BF,
                        w.stride(),
                        x.address(),
                        REAL_16BF,
                        x.stride(),
                        zero,
                        y.address(),
                        REAL_32F,
                        y.columns(),
                        COMPUTE_32F,
                        DEFAULT_ALGORITHM));
    }

    @Override
    public void close() {
        device.bind();
        call(destroy, "cublasDestroy_v2", handle);
    }
}
