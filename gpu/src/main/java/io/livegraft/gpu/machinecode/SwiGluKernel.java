package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code y = gate · σ(gate) · up} and its gradients, element by element, in the bits of the Vector API's loops but at full speed from
 * the first call.
 */
public final class SwiGluKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    /** Bound by the first call. */
    private static final class BackwardCall {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    private static final int GATE = 0;
    private static final int UP = 1;
    private static final int POWER = 2;
    private static final int UPSTREAM = 6;
    private static final int SLOPE = 7;
    private static final int ZERO = 31;

    private final MemorySegment code;
    private final MemorySegment backward;

    public SwiGluKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
        this.backward = memory.write(writeBackward());
    }

    /** At least one element. */
    public void run(MemorySegment y, MemorySegment gate, MemorySegment up, int count) {
        try {
            Call.HANDLE.invokeExact(code, y, gate, up, Lanes.blocks(count), Lanes.mask(count), Exponential.constants());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /** At least one element; {@code dGate} may be {@code gate}, and {@code dUp} may be {@code up}. */
    public void backward(
            MemorySegment dGate, MemorySegment dUp, MemorySegment dy, MemorySegment gate, MemorySegment up, int count) {
        try {
            BackwardCall.HANDLE.invokeExact(
                    backward,
                    dGate,
                    dUp,
                    dy,
                    gate,
                    up,
                    Lanes.blocks(count),
                    Lanes.mask(count),
                    Exponential.constants());
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
            sigmoid(a, R9);
            a.multiplyFloats(GATE, GATE, POWER);
            a.multiplyFloats(GATE, GATE, UP);
            Lanes.store(a, RDI, GATE, mask);
            Lanes.next(a, RDI, RSI, RDX);
        });
        a.leave();
        return a;
    }

    /** {@code POWER = 1 / (1 + e^−gate)}; the three registers behind are changed. */
    private static void sigmoid(Assembler a, Register table) {
        a.subtractFloats(POWER, ZERO, GATE);
        Exponential.write(a, table, POWER);
        a.addFloats(POWER, POWER, Exponential.ONE);
        a.divideFloats(POWER, Exponential.ONE, POWER);
    }

    private static Assembler writeBackward() {
        Assembler a = new Assembler();
        a.zero(ZERO);
        a.load(RAX, Address.at(RSP, 8));
        a.load(R10, Address.at(RSP, 16));
        Exponential.prepare(a, R10);
        Lanes.each(a, R9, RAX, mask -> {
            Lanes.load(a, GATE, RCX, mask);
            Lanes.load(a, UP, R8, mask);
            Lanes.load(a, UPSTREAM, RDX, mask);
            sigmoid(a, R10);
            a.subtractFloats(SLOPE, ZERO, POWER);
            a.addFloats(SLOPE, SLOPE, Exponential.ONE);
            a.multiplyFloats(SLOPE, GATE, SLOPE);
            a.addFloats(SLOPE, SLOPE, Exponential.ONE);
            a.multiplyFloats(SLOPE, POWER, SLOPE);
            a.multiplyFloats(GATE, GATE, POWER);
            a.multiplyFloats(GATE, UPSTREAM, GATE);
            a.multiplyFloats(UP, UPSTREAM, UP);
            a.multiplyFloats(UP, UP, SLOPE);
            Lanes.store(a, RDI, UP, mask);
            Lanes.store(a, RSI, GATE, mask);
            Lanes.next(a, RDI, RSI, RDX, RCX, R8);
        });
        a.leave();
        return a;
    }
}
