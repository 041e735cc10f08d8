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
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The parts of a softmax, in the bits of the Vector API's loops but at full speed from the first call:
 *
 * <pre>{@code
 *   max = the largest x
 *   out[j] = e^(x[j] − shift)
 *   total[t] = Σ out[8i + t], in order of i, in float64; what is behind the last whole eight is in none
 *   x[j] = x[j] · factor
 * }</pre>
 */
public final class ExponentialKernel {
    /** Bound by the first call. */
    private static final class MaxCall {
        static final MethodHandle HANDLE = ExecutableMemory.caller(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_FLOAT);
    }

    /** Bound by the first call. */
    private static final class ScaleCall {
        static final MethodHandle HANDLE = ExecutableMemory.caller(ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_FLOAT);
    }

    static final int X = 0;
    static final int MAX = 5;
    static final int TURNED = 6;
    private static final int SHIFT = 31;
    private static final int TOTALS = 0;
    private static final int EIGHT = 1;

    private final MemorySegment max;
    private final MemorySegment code;
    private final MemorySegment scale;

    public ExponentialKernel(ExecutableMemory memory) {
        this.max = memory.write(writeMax());
        this.code = memory.write(write());
        this.scale = memory.write(writeScale());
    }

    /** Writes the largest of at least one float32 as a float32, followed by 60 bytes that mean nothing. */
    public void max(MemorySegment x, int count, MemorySegment result) {
        try {
            MaxCall.HANDLE.invokeExact(max, x, Lanes.blocks(count), Lanes.mask(count), result);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /**
     * At least one element; {@code out} may be {@code x}.
     *
     * @param totals eight float64
     */
    public void run(MemorySegment out, MemorySegment x, int count, float shift, MemorySegment totals) {
        try {
            Call.HANDLE.invokeExact(
                    code,
                    out,
                    x,
                    Lanes.blocks(count),
                    Lanes.mask(count),
                    (long) count / 8,
                    totals,
                    Exponential.constants(),
                    shift);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /** At least one element, in place. */
    public void scale(MemorySegment x, int count, float factor) {
        try {
            ScaleCall.HANDLE.invokeExact(scale, x, Lanes.blocks(count), Lanes.mask(count), factor);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        a.broadcast(SHIFT, 0);
        a.load(R10, Address.at(RSP, 8));
        Exponential.prepare(a, R10);
        a.move(RAX, RDI);
        Lanes.each(a, RDX, RCX, mask -> {
            Lanes.load(a, X, RSI, mask);
            a.subtractFloats(X, X, SHIFT);
            Exponential.write(a, R10, X);
            Lanes.store(a, RAX, X, mask);
            Lanes.next(a, RAX, RSI);
        });
        a.zero(TOTALS);
        Lanes.eights(a, R8, () -> {
            a.loadWide(EIGHT, Address.at(RDI, 0));
            a.addDoubles(TOTALS, TOTALS, EIGHT);
            a.add(RDI, 8 * Float.BYTES);
        });
        a.storeVector(Address.at(R9, 0), TOTALS);
        a.leave();
        return a;
    }

    private static Assembler writeMax() {
        Assembler a = new Assembler();
        largest(a, RDI, RSI, RDX);
        a.storeVector(Address.at(RCX, 0), MAX);
        a.leave();
        return a;
    }

    /**
     * Writes the largest x into all lanes of {@link #MAX}; {@link #X} and {@link #TURNED} are changed, and all registers but the mask.
     * Begins with the first x in all lanes, so that lanes without an element have one.
     */
    static void largest(Assembler a, Register x, Register blocks, Register lanes) {
        a.broadcast(MAX, Address.at(x, 0));
        Lanes.each(a, blocks, lanes, mask -> {
            Lanes.load(a, X, x, mask);
            if (mask == 0) {
                a.greaterFloats(MAX, X, MAX);
            } else {
                a.greaterFloats(MAX, X, MAX, mask);
            }
            Lanes.next(a, x);
        });
        Lanes.halves(a, MAX, TURNED, () -> a.greaterFloats(MAX, TURNED, MAX));
    }

    private static Assembler writeScale() {
        Assembler a = new Assembler();
        a.broadcast(SHIFT, 0);
        Lanes.each(a, RSI, RDX, mask -> {
            Lanes.load(a, X, RDI, mask);
            a.multiplyFloats(X, X, SHIFT);
            Lanes.store(a, RDI, X, mask);
            Lanes.next(a, RDI);
        });
        a.leave();
        return a;
    }
}
