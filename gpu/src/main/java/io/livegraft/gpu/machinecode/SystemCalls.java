package io.livegraft.gpu.machinecode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The C library's calls about memory, with Linux's numbers. */
final class SystemCalls {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int EXECUTE = 4;

    /** Bound by the first call: only processors with tiles need one. */
    private static final class Call {
        static final MethodHandle HANDLE =
                bind("syscall", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    }

    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int HUGE_PAGES = 14;
    private static final long FAILED = -1;

    private final MethodHandle map =
            bind("mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private final MethodHandle unmap = bind("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private final MethodHandle protect =
            bind("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private final MethodHandle advise = bind("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    /** New memory of zeros, readable and writable, as an address without bounds; empty where the system has none left. */
    Optional<MemorySegment> map(long bytes) {
        MemorySegment memory = run(() ->
                (MemorySegment) map.invokeExact(MemorySegment.NULL, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L));
        return memory.address() == FAILED ? Optional.empty() : Optional.of(memory);
    }

    void unmap(MemorySegment memory, long bytes) {
        require("munmap", run(() -> (int) unmap.invokeExact(memory, bytes)));
    }

    /**
     * Whether the system agrees; a hardened one may refuse {@link #EXECUTE}.
     *
     * @param rights a sum of {@link #READ}, {@link #WRITE} and {@link #EXECUTE}
     */
    boolean protect(MemorySegment memory, long bytes, int rights) {
        return run(() -> (int) protect.invokeExact(memory, bytes, rights)) == 0;
    }

    /** A wish: a system without huge pages keeps small ones. */
    void preferHugePages(MemorySegment memory, long bytes) {
        int ignored = run(() -> (int) advise.invokeExact(memory, bytes, HUGE_PAGES));
    }

    long call(long number, long first, long second) {
        return run(() -> (long) Call.HANDLE.invokeExact(number, first, second));
    }

    private interface Attempt<T> {
        T run() throws Throwable;
    }

    private static <T> T run(Attempt<T> call) {
        try {
            return call.run();
        } catch (RuntimeException | Error broken) {
            throw broken;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a C function can't throw", impossible);
        }
    }

    private static void require(String function, int status) {
        if (status != 0) {
            throw new IllegalStateException("%s returned %d, expected 0".formatted(function, status));
        }
    }

    @SuppressWarnings("restricted") // the launcher allows native access
    private static MethodHandle bind(String function, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
    }
}
