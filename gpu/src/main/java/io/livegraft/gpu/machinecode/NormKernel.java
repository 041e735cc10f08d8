package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The two halves of a root mean square norm of one row, in the bits of the Vector API's loops but at full speed from the first call:
 *
 * <pre>{@code
 *   total[t] = Σ x[8i + t]², in order of i, in float64; what is behind the last whole eight is in none
 *   y = (x · scale) · w
 * }</pre>
 */
public final class NormKernel {
    /** Bound by the first call. */
    private static final class Squares {
        static final MethodHandle HANDLE = ExecutableMemory.caller(ADDRESS, JAVA_LONG, ADDRESS);
    }

    /** Bound by the first call. */
    private static final class Scale {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_FLOAT);
    }

    private static final int X = 0;
    private static final int W = 1;
    private static final int TOTALS = 2;
    private static final int FACTOR = 31;

    private final MemorySegment squares;
    private final MemorySegment scale;

    public NormKernel(ExecutableMemory memory) {
        this.squares = memory.write(writeSquares());
        this.scale = memory.write(writeScale());
    }

    /** Writes eight totals. */
    public void squares(MemorySegment x, int count, MemorySegment totals) {
        try {
            Squares.HANDLE.invokeExact(squares, x, (long) count / 8, totals);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /** At least one element. */
    public void scale(MemorySegment y, MemorySegment x, MemorySegment w, int count, float factor) {
        try {
            Scale.HANDLE.invokeExact(scale, y, x, w, Lanes.blocks(count), Lanes.mask(count), factor);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler writeSquares() {
        Assembler a = new Assembler();
        a.zero(TOTALS);
        Lanes.eights(a, RSI, () -> {
            a.loadWide(X, Address.at(RDI, 0));
            a.multiplyDoubles(X, X, X);
            a.addDoubles(TOTALS, TOTALS, X);
            a.add(RDI, 8 * Float.BYTES);
        });
        a.storeVector(Address.at(RDX, 0), TOTALS);
        a.leave();
        return a;
    }

    private static Assembler writeScale() {
        Assembler a = new Assembler();
        a.broadcast(FACTOR, 0);
        Lanes.each(a, RCX, R8, mask -> {
            Lanes.load(a, X, RSI, mask);
            Lanes.load(a, W, RDX, mask);
            a.multiplyFloats(X, X, FACTOR);
            a.multiplyFloats(X, X, W);
            Lanes.store(a, RDI, X, mask);
            Lanes.next(a, RDI, RSI, RDX);
        });
        a.leave();
        return a;
    }
}
