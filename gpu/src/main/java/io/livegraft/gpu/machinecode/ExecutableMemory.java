package io.livegraft.gpu.machinecode;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Puts code where the processor may run it: written first, then executable and never writable again. It stays for the life of the process. */
public final class ExecutableMemory {
    private final SystemCalls system = new SystemCalls();

    /**
     * Calls code that returns nothing, whose address is the first argument. Pointers may be into the heap: while code runs the
     * collector waits, so that it has to be short (milliseconds).
     */
    @SuppressWarnings("restricted") // the launcher allows native access
    static MethodHandle caller(MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments), Linker.Option.critical(true));
    }

    /** The address of the code. */
    @SuppressWarnings("restricted")
    MemorySegment write(Assembler assembler) {
        byte[] code = assembler.code();
        MemorySegment memory = system.map(code.length)
                .orElseThrow(() -> new IllegalStateException("no memory for %d bytes of code".formatted(code.length)));
        memory.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
        system.protect(memory, code.length, SystemCalls.READ | SystemCalls.EXECUTE);
        return memory;
    }

    static IllegalStateException impossible(Throwable thrown) {
        return new IllegalStateException("machine code can't throw", thrown);
    }
}
