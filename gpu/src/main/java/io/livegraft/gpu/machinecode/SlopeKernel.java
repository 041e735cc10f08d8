package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Softmax of a row of scores and its gradient, in place of the scores and of their upstream gradients:
 *
 * <pre>{@code
 *   p[j] = e^(s[j] − max) · f      f = 1 / Σ_k e^(s[k] − max)
 *   ds[j] = p[j] · ( dp[j] − f · Σ_k e^(s[k] − max)·dp[k] )
 * }</pre>
 *
 * Sums are float32 in 16 running totals, which are added in halves.
 */
public final class SlopeKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    private static final int X = ExponentialKernel.X;
    private static final int SLOPE = 4;
    private static final int MAX = ExponentialKernel.MAX;
    private static final int TURNED = ExponentialKernel.TURNED;
    private static final int SUM = 7;
    private static final int PROJECTION = 8;

    private final MemorySegment code;

    public SlopeKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /** At least one element. */
    public void run(MemorySegment s, MemorySegment dp, int count) {
        try {
            Call.HANDLE.invokeExact(code, s, dp, Lanes.blocks(count), Lanes.mask(count), Exponential.constants());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        a.move(RAX, RDI);
        a.move(R9, RDX);
        ExponentialKernel.largest(a, RAX, R9, RCX);
        Exponential.prepare(a, R8);
        a.zero(SUM);
        a.zero(PROJECTION);
        a.move(RAX, RDI);
        a.move(R10, RSI);
        a.move(R9, RDX);
        Lanes.each(a, R9, RCX, mask -> exponentials(a, mask));
        sum(a, SUM);
        sum(a, PROJECTION);
        a.divideFloats(SUM, Exponential.ONE, SUM);
        a.multiplyFloats(PROJECTION, PROJECTION, SUM);
        Lanes.each(a, RDX, RCX, mask -> finish(a, mask));
        a.leave();
        return a;
    }

    private static void exponentials(Assembler a, int mask) {
        Lanes.load(a, X, RAX, mask);
        a.subtractFloats(X, X, MAX);
        Exponential.write(a, R8, X);
        Lanes.store(a, RAX, X, mask);
        if (mask != 0) { // zeros in lanes without an element
            Lanes.load(a, X, RAX, mask);
        }
        Lanes.load(a, SLOPE, R10, mask);
        a.addFloats(SUM, SUM, X);
        a.multiplyFloats(SLOPE, X, SLOPE);
        a.addFloats(PROJECTION, PROJECTION, SLOPE);
        Lanes.next(a, RAX, R10);
    }

    /** All lanes become their sum. */
    private static void sum(Assembler a, int totals) {
        Lanes.halves(a, totals, TURNED, () -> a.addFloats(totals, totals, TURNED));
    }

    private static void finish(Assembler a, int mask) {
        Lanes.load(a, X, RDI, mask);
        Lanes.load(a, SLOPE, RSI, mask);
        a.multiplyFloats(X, X, SUM);
        a.subtractFloats(SLOPE, SLOPE, PROJECTION);
        a.multiplyFloats(SLOPE, SLOPE, X);
        Lanes.store(a, RDI, X, mask);
        Lanes.store(a, RSI, SLOPE, mask);
        Lanes.next(a, RDI, RSI);
    }
}
