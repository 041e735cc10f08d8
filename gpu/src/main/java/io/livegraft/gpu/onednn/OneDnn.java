package io.livegraft.gpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * The C functions that a matrix product needs, bound once, and the engine they run on. Every call returns a status; one other
 * than success is a broken invariant ({@link IllegalStateException} naming function and code). May be shared by threads.
 */
public final class OneDnn {
    /** Whether the library is there. */
    public sealed interface Availability {
        /** It is, on a processor that multiplies eight float32 at once. */
        record Loaded(OneDnn oneDnn) implements Availability {}

        /** One sentence why not. */
        record Missing(String reason) implements Availability {}
    }

    static final int F32 = 3;

    private static final int CPU = 1;
    private static final int IN_ORDER = 1;
    /** {@code dnnl_cpu_isa_avx2} and {@code dnnl_cpu_isa_avx512_core}: bits of all that came before are set in those that follow. */
    private static final int AVX2 = 0x7;

    private static final int AVX512 = 0x27;

    private final MethodHandle setThreads;
    private final MethodHandle createStream;
    private final MethodHandle createDescriptor;
    private final MethodHandle createMatMul;
    private final MethodHandle createPrimitive;
    private final MethodHandle createMemory;
    private final MethodHandle setData;
    private final MethodHandle execute;
    private final MemorySegment engine;
    private final int instructionSet;
    private final String version;

    private OneDnn(OneDnnLibrary library, boolean narrow) {
        SymbolLookup dnnl = library.oneDnn();
        if (narrow) {
            MethodHandle most = bind(dnnl, "dnnl_set_max_cpu_isa", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
            status(() -> (int) most.invokeExact(AVX2)); // refused when it has begun; then the name says what it runs
        }
        setThreads = bind(library.openMp(), "omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
        createStream = bind(dnnl, "dnnl_stream_create", returningStatus(ADDRESS, ADDRESS, JAVA_INT));
        createDescriptor = bind(
                dnnl,
                "dnnl_memory_desc_create_with_strides",
                returningStatus(ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        createMatMul = bind(
                dnnl,
                "dnnl_matmul_primitive_desc_create",
                returningStatus(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        createPrimitive = bind(dnnl, "dnnl_primitive_create", returningStatus(ADDRESS, ADDRESS));
        createMemory = bind(dnnl, "dnnl_memory_create", returningStatus(ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        setData = bind(dnnl, "dnnl_memory_set_data_handle", returningStatus(ADDRESS, ADDRESS));
        execute = bind(dnnl, "dnnl_primitive_execute", returningStatus(ADDRESS, ADDRESS, JAVA_INT, ADDRESS));
        MethodHandle createEngine = bind(dnnl, "dnnl_engine_create", returningStatus(ADDRESS, JAVA_INT, JAVA_LONG));
        engine = created("dnnl_engine_create", out -> (int) createEngine.invokeExact(out, CPU, 0L));
        MethodHandle effective = bind(dnnl, "dnnl_get_effective_cpu_isa", FunctionDescriptor.of(JAVA_INT));
        instructionSet = status(() -> (int) effective.invokeExact());
        version = version(dnnl);
    }

    /**
     * Unpacks the library into {@code directory} where it isn't there yet, and loads it.
     *
     * @param narrow whether registers of more than 256 bits are left alone; decided by whoever loads first in a process
     */
    public static Availability load(Path directory, boolean narrow) {
        try {
            OneDnn oneDnn = new OneDnn(OneDnnLibrary.open(directory), narrow);
            return (oneDnn.instructionSet & AVX2) == AVX2
                    ? new Availability.Loaded(oneDnn)
                    : new Availability.Missing("oneDNN would be slow here: its instruction set is 0x%x, expected AVX2"
                            .formatted(oneDnn.instructionSet));
        } catch (IOException missing) {
            return new Availability.Missing("oneDNN can't be loaded: " + missing.getMessage());
        }
    }

    /** {@code dnnl_version_t} begins with three ints. */
    @SuppressWarnings("restricted") // the library says how long it is
    private static String version(SymbolLookup dnnl) {
        MethodHandle function = bind(dnnl, "dnnl_version", FunctionDescriptor.of(ADDRESS));
        try {
            MemorySegment numbers = ((MemorySegment) function.invokeExact()).reinterpret(3L * JAVA_INT.byteSize());
            return "%d.%d.%d"
                    .formatted(
                            numbers.getAtIndex(JAVA_INT, 0),
                            numbers.getAtIndex(JAVA_INT, 1),
                            numbers.getAtIndex(JAVA_INT, 2));
        } catch (RuntimeException | Error broken) {
            throw broken;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a C function can't throw", impossible);
        }
    }

    /** What results depend on, for the numeric profile: e.g. {@code 3.11.0-avx2}. */
    public String name() {
        return version + ((instructionSet & AVX512) == AVX512 ? "-avx512" : "-avx2");
    }

    /** oneDNN shall not start threads of its own in the calling thread: it would split sums by their number. */
    void stayOnThisThread() {
        status(() -> {
            setThreads.invokeExact(1);
            return 0;
        });
    }

    MemorySegment stream() {
        return created("dnnl_stream_create", out -> (int) createStream.invokeExact(out, engine, IN_ORDER));
    }

    MemorySegment descriptor(int type, long rows, long columns, long rowStride, long columnStride) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment shape = arena.allocateFrom(JAVA_LONG, rows, columns);
            MemorySegment strides = arena.allocateFrom(JAVA_LONG, rowStride, columnStride);
            return created("dnnl_memory_desc_create_with_strides", out ->
                    (int) createDescriptor.invokeExact(out, 2, shape, type, strides));
        }
    }

    MemorySegment memory(MemorySegment descriptor) {
        return created("dnnl_memory_create", out ->
                (int) createMemory.invokeExact(out, descriptor, engine, MemorySegment.NULL));
    }

    MemorySegment matMul(MemorySegment a, MemorySegment b, MemorySegment c) {
        MemorySegment description = created("dnnl_matmul_primitive_desc_create", out ->
                (int) createMatMul.invokeExact(out, engine, a, b, MemorySegment.NULL, c, MemorySegment.NULL));
        return created("dnnl_primitive_create", out -> (int) createPrimitive.invokeExact(out, description));
    }

    void point(MemorySegment memory, MemorySegment data) {
        check("dnnl_memory_set_data_handle", status(() -> (int) setData.invokeExact(memory, data)));
    }

    void execute(MemorySegment primitive, MemorySegment stream, int arguments, MemorySegment table) {
        check("dnnl_primitive_execute", status(() -> (int) execute.invokeExact(primitive, stream, arguments, table)));
    }

    private interface Creation {
        int into(MemorySegment out) throws Throwable;
    }

    private interface Call {
        int run() throws Throwable;
    }

    private static MemorySegment created(String function, Creation creation) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            check(function, status(() -> creation.into(out)));
            return out.get(ADDRESS, 0);
        }
    }

    private static int status(Call call) {
        try {
            return call.run();
        } catch (RuntimeException | Error broken) {
            throw broken;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a C function can't throw", impossible);
        }
    }

    private static void check(String function, int status) {
        if (status != 0) {
            throw new IllegalStateException("%s returned status %d, expected 0 (success)".formatted(function, status));
        }
    }

    private static FunctionDescriptor returningStatus(MemoryLayout... arguments) {
        return FunctionDescriptor.of(JAVA_INT, arguments);
    }

    @SuppressWarnings("restricted") // the launcher allows native access
    private static MethodHandle bind(SymbolLookup library, String function, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(function), descriptor);
    }
}
