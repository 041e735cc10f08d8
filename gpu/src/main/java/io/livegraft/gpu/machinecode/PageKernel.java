package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.IntConsumer;

/**
 * {@link RowKernel}'s or {@link DotKernel}'s product in bfloat16, in its bits, with weights that lie in several places: one call for all of
 * them.
 *
 * <pre>{@code
 *   y[m,o] = or += Σ tiles t[m,o]        t as in RowKernel; or sums over pairs as in DotKernel
 *   x[tile][m][32], float32; bfloat16    weights: StripForm.BFLOAT16
 * }</pre>
 *
 * While it reads one place it fetches what is read next, byte for byte, so that memory never waits for the end of a page.
 */
public final class PageKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    private static final int EVEN = 4;
    private static final int ODD = 8;
    private static final int UPPER = 16;
    private static final int WORD = 17;
    private static final int LOW = 18;
    private static final int HIGH = 19;
    private static final int LINE = 64;

    private final boolean dots;
    private final int rows;
    private final boolean accumulate;
    private final MemorySegment code;

    /**
     * Writes the code.
     *
     * @param dots whether sums are {@link DotKernel}'s
     * @param accumulate adds to y: sums begin with what it holds
     */
    public PageKernel(ExecutableMemory memory, boolean dots, int rows, boolean accumulate) {
        this.dots = dots;
        this.rows = rows;
        this.accumulate = accumulate;
        this.code = memory.write(write());
    }

    /** Of one call. */
    public static int mostRows(boolean dots) {
        return dots ? 16 : 4;
    }

    /**
     * Multiplies with every piece, in their order.
     *
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     */
    public void run(PageList pieces, MemorySegment x, MemorySegment y, long yStride, Constants constants) {
        if (pieces.count() == 0) {
            return;
        }
        try {
            Call.HANDLE.invokeExact(code, pieces.memory(), x, y, yStride, (long) pieces.count(), constants.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /** Inputs of one row of x in a tile, in bytes. */
    private int tileBytes() {
        return StripForm.TILE_INPUTS * (dots ? Short.BYTES : Float.BYTES);
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.push(RBX);
        a.push(R12);
        a.push(R13);
        Constants.enter(a, R9);
        a.loadVector(UPPER, Address.at(R9, Constants.UPPER_HALVES));
        Label piece = a.label();
        a.load(R10, Address.at(RDI, PageList.WEIGHTS));
        a.load(R11, Address.at(RDI, PageList.NEXT));
        a.load(R12, Address.at(RDI, PageList.STRIPS));
        a.load(RBX, Address.at(RDI, PageList.Y));
        a.add(RBX, RDX);
        strips(a);
        a.add(RDI, PageList.BYTES);
        a.loop(R8, piece);
        Constants.exit(a);
        a.pop(R13);
        a.pop(R12);
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void strips(Assembler a) {
        Label strip = a.label();
        eachRow(a, m -> {
            if (accumulate) {
                a.loadVector(m, Address.at(R13, 0));
            } else {
                a.zero(m);
            }
        });
        a.load(RAX, Address.at(RDI, PageList.X));
        a.add(RAX, RSI);
        a.load(R9, Address.at(RDI, PageList.BLOCKS));
        Label block = a.label();
        if (dots) {
            pairs(a);
        } else {
            chains(a);
        }
        a.add(R10, StripForm.TILE_BYTES);
        a.add(R11, StripForm.TILE_BYTES);
        a.add(RAX, rows * tileBytes());
        a.loop(R9, block);
        eachRow(a, m -> a.storeVector(Address.at(R13, 0), m));
        a.add(RBX, StripForm.OUTPUTS * Float.BYTES);
        a.load(R13, Address.at(RDI, PageList.GAP));
        a.add(R10, R13);
        a.add(R11, R13);
        a.loop(R12, strip);
    }

    /** With its place in y. */
    private void eachRow(Assembler a, IntConsumer row) {
        a.move(R13, RBX);
        for (int m = 0; m < rows; m++) {
            row.accept(m);
            a.add(R13, RCX);
        }
    }

    private void pairs(Assembler a) {
        for (int pair = 0; pair < StripForm.BFLOAT16.pairs(); pair++) {
            a.prefetchSecond(Address.at(R11, pair * LINE));
            a.loadVector(WORD, Address.at(R10, pair * LINE));
            for (int m = 0; m < rows; m++) {
                a.multiplyAddPairs(m, WORD, Address.broadcast(RAX, m * tileBytes() + pair * Float.BYTES));
            }
        }
    }

    private void chains(Assembler a) {
        for (int m = 0; m < rows; m++) {
            a.zero(EVEN + m);
            a.zero(ODD + m);
        }
        for (int pair = 0; pair < StripForm.BFLOAT16.pairs(); pair++) {
            a.prefetchSecond(Address.at(R11, pair * LINE));
            a.loadVector(WORD, Address.at(R10, pair * LINE));
            a.shiftLeft32(LOW, WORD, 16);
            a.and(HIGH, WORD, UPPER);
            multiplyAdd(a, EVEN, LOW, 2 * pair);
            multiplyAdd(a, ODD, HIGH, 2 * pair + 1);
        }
        for (int m = 0; m < rows; m++) {
            a.addFloats(EVEN + m, EVEN + m, ODD + m);
            a.addFloats(m, m, EVEN + m);
        }
    }

    private void multiplyAdd(Assembler a, int sum, int weights, int k) {
        for (int m = 0; m < rows; m++) {
            a.multiplyAdd(sum + m, weights, Address.broadcast(RAX, m * tileBytes() + k * Float.BYTES));
        }
    }
}
