package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** {@code y = gate · σ(gate) · up}, element by element, in the bits of the Vector API's loop but at full speed from the first call. */
public final class SwiGluKernel {
    private static final MethodHandle CALL =
            ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final int GATE = 0;
    private static final int UP = 1;
    private static final int POWER = 2;
    private static final int ZERO = 31;

    private final MemorySegment code;

    public SwiGluKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /** At least one element. */
    public void run(MemorySegment y, MemorySegment gate, MemorySegment up, int count) {
        try {
            CALL.invokeExact(code, y, gate, up, Lanes.blocks(count), Lanes.mask(count), Exponential.constants());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        a.zero(ZERO);
        Exponential.prepare(a, R9);
        Lanes.each(a, RCX, R8, mask -> {
            Lanes.load(a, GATE, RSI, mask);
            Lanes.load(a, UP, RDX, mask);
            a.subtractFloats(POWER, ZERO, GATE);
            Exponential.write(a, R9, POWER);
            a.addFloats(POWER, POWER, Exponential.ONE);
            a.divideFloats(POWER, Exponential.ONE, POWER);
            a.multiplyFloats(GATE, GATE, POWER);
            a.multiplyFloats(GATE, GATE, UP);
            Lanes.store(a, RDI, GATE, mask);
            Lanes.next(a, RDI, RSI, RDX);
        });
        a.leave();
        return a;
    }
}
