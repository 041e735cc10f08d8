package io.livegraft.gpu.machinecode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Puts code where the processor may run it: written first, then executable and never writable again. */
public final class ExecutableMemory {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long MAP_FAILED = -1;

    private final MethodHandle map;
    private final MethodHandle protect;

    public ExecutableMemory() {
        map = bind("mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        protect = bind("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    }

    /**
     * A function that returns nothing. Its pointers may be into the heap: while it runs the collector waits, so that it has
     * to be short (milliseconds).
     */
    @SuppressWarnings("restricted") // the launcher allows native access
    MethodHandle function(Assembler assembler, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        mapped(assembler.code()),
                        FunctionDescriptor.ofVoid(arguments),
                        Linker.Option.critical(true));
    }

    static IllegalStateException impossible(Throwable thrown) {
        return new IllegalStateException("machine code can't throw", thrown);
    }

    @SuppressWarnings("restricted")
    private MemorySegment mapped(byte[] code) {
        try {
            MemorySegment memory = (MemorySegment)
                    map.invokeExact(MemorySegment.NULL, (long) code.length, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (memory.address() == MAP_FAILED) {
                throw new IllegalStateException("mmap gives no memory for %d bytes of code".formatted(code.length));
            }
            memory.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
            int status = (int) protect.invokeExact(memory, (long) code.length, READ | EXECUTE);
            if (status != 0) {
                throw new IllegalStateException("mprotect refuses to make code executable");
            }
            return memory;
        } catch (RuntimeException | Error broken) {
            throw broken;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a C function can't throw", impossible);
        }
    }

    @SuppressWarnings("restricted")
    static MethodHandle bind(String function, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
    }
}
