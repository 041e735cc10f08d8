package io.livegraft.gpu.machinecode;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Puts code where the processor may run it: written first, then executable and never writable again. It stays for the life of the process. */
public final class ExecutableMemory {
    private final SystemCalls system = new SystemCalls();

    private ExecutableMemory() {}

    /** Empty where the system lets no process write code for itself. */
    public static Optional<ExecutableMemory> open() {
        ExecutableMemory memory = new ExecutableMemory();
        Assembler nothing = new Assembler();
        nothing.leave();
        return memory.place(nothing.code()).map(_ -> memory);
    }

    /**
     * Calls code that returns nothing, whose address is the first argument. Pointers may be into the heap: while code runs the
     * collector waits, so that it has to be short (milliseconds). Making one takes some, too: kernels do so at their first call, since
     * a start calls half of them.
     */
    @SuppressWarnings("restricted") // the launcher allows native access
    static MethodHandle caller(MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments), Linker.Option.critical(true));
    }

    /** The address of the code. */
    MemorySegment write(Assembler assembler) {
        byte[] code = assembler.code();
        return place(code)
                .orElseThrow(() ->
                        new IllegalStateException("no executable memory for %d bytes of code".formatted(code.length)));
    }

    @SuppressWarnings("restricted")
    private Optional<MemorySegment> place(byte[] code) {
        Optional<MemorySegment> memory = system.map(code.length);
        memory.ifPresent(place -> place.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code)));
        return memory.filter(place -> system.protect(place, code.length, SystemCalls.READ | SystemCalls.EXECUTE));
    }

    static IllegalStateException impossible(Throwable thrown) {
        return new IllegalStateException("machine code can't throw", thrown);
    }
}
