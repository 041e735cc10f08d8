package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
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

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code y = x · wᵀ} for one to four rows; weights become float32 in registers and are never written anywhere.
 *
 * <pre>{@code
 *   t[m,o]  = ( fma over even k of x[m,k]·l[o,k] ) + ( fma over odd k of x[m,k]·l[o,k] )      k in one tile of 32
 *   4 bits:   y[m,o] = fma over blocks of ( Σ tiles t[m,o] ) · scale[o, block]                 l = levels[index]
 *   8 bits:   y[m,o] = ( Σ tiles t[m,o] ) · scale[o]                                           l = whole number
 *   bfloat16: y[m,o] = Σ tiles t[m,o]                                                          l = weight
 * }</pre>
 *
 * Levels and x have to be bfloat16 values, so that products are exact: then these are, bit for bit, the sums of {@link TileKernel}.
 */
public final class RowKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
    }

    public static final int MOST_ROWS = 4;

    private static final int EVEN = 4;
    private static final int ODD = 8;
    private static final int BLOCK = 12;
    private static final int TABLE = 16;
    private static final int WORD = 17;
    private static final int INDEX = 18;
    private static final int LEVEL = 19;
    private static final int UPPER = 20;
    private static final int AHEAD = 4096;
    private static final int LINE = 64;

    private final StripForm form;
    private final int rows;
    private final boolean accumulate;
    private final MemorySegment code;

    /**
     * Writes the code.
     *
     * @param accumulate adds to y: sums begin with what it holds; of bfloat16 only
     */
    public RowKernel(ExecutableMemory memory, StripForm form, int rows, boolean accumulate) {
        this.form = form;
        this.rows = rows;
        this.accumulate = accumulate;
        this.code = memory.write(write());
    }

    /** As below, strips one behind the other. */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants) {
        run(weights, x, y, yStride, blocks, strips, constants, 0);
    }

    /**
     * Multiplies with strips that may lie apart.
     *
     * @param weights the first strip
     * @param x {@code x[k · rows + m]}, float32
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param constants see {@link Constants}
     * @param gap bytes between the end of a strip's blocks and the next strip
     */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants,
            long gap) {
        try {
            Call.HANDLE.invokeExact(code, weights, x, y, yStride, blocks, strips, constants.memory(), gap);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        Constants.enter(a, R10);
        a.loadVector(TABLE, Address.at(R10, Constants.LEVELS));
        a.loadVector(UPPER, Address.at(R10, Constants.UPPER_HALVES));
        a.load(R10, Address.at(RSP, 16));
        Label strip = a.label();
        begin(a);
        a.move(RAX, RSI);
        a.move(R11, R8);
        Label block = a.label();
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        for (int tile = 0; tile < form.tiles(); tile++) {
            tile(a, tile);
        }
        close(a);
        a.add(RDI, form.blockBytes());
        a.add(RAX, form.blockInputs() * rows * Float.BYTES);
        a.loop(R11, block);
        scale(a);
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            a.storeVector(Address.at(RAX, 0), m);
            a.add(RAX, RCX);
        }
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, R10);
        a.loop(R9, strip);
        Constants.exit(a);
        a.leave();
        return a;
    }

    private void begin(Assembler a) {
        if (!accumulate) {
            zero(a, 0);
            return;
        }
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            a.loadVector(m, Address.at(RAX, 0));
            a.add(RAX, RCX);
        }
    }

    private void zero(Assembler a, int first) {
        for (int m = 0; m < rows; m++) {
            a.zero(first + m);
        }
    }

    /** Leaves a tile's sums with those of the block's tiles before it. */
    private void tile(Assembler a, int tile) {
        zero(a, EVEN);
        zero(a, ODD);
        for (int pair = 0; pair < form.pairs(); pair++) {
            int k = tile * StripForm.TILE_INPUTS + 2 * pair;
            if (form.indices()) {
                lookUp(a, tile, pair, k);
            } else if (form.wholeNumbers()) {
                WholeNumbers.floats(a, LEVEL, RDI, pair, false);
                multiplyAdd(a, EVEN, k);
                WholeNumbers.floats(a, LEVEL, RDI, pair, true);
                multiplyAdd(a, ODD, k + 1);
            } else {
                a.loadVector(WORD, Address.at(RDI, pair * LINE));
                a.shiftLeft32(LEVEL, WORD, 16);
                multiplyAdd(a, EVEN, k);
                a.and(LEVEL, WORD, UPPER);
                multiplyAdd(a, ODD, k + 1);
            }
        }
        for (int m = 0; m < rows; m++) {
            if (form.indices() && tile == 0) {
                a.addFloats(BLOCK + m, EVEN + m, ODD + m);
            } else {
                int sum = form.indices() ? BLOCK + m : m;
                a.addFloats(EVEN + m, EVEN + m, ODD + m);
                a.addFloats(sum, sum, EVEN + m);
            }
        }
    }

    private void lookUp(Assembler a, int tile, int pair, int k) {
        int nibble = 4 * (pair % 4);
        if (nibble == 0) {
            a.loadVector(WORD, Address.at(RDI, tile * StripForm.NIBBLE_BYTES + pair / 4 * LINE));
            a.lookUp32(LEVEL, WORD, TABLE);
        } else {
            a.shiftRight32(INDEX, WORD, nibble);
            a.lookUp32(LEVEL, INDEX, TABLE);
        }
        multiplyAdd(a, EVEN, k);
        a.shiftRight32(INDEX, WORD, 16 + nibble);
        a.lookUp32(LEVEL, INDEX, TABLE);
        multiplyAdd(a, ODD, k + 1);
    }

    private void multiplyAdd(Assembler a, int sum, int k) {
        for (int m = 0; m < rows; m++) {
            a.multiplyAdd(sum + m, LEVEL, Address.broadcast(RAX, (k * rows + m) * Float.BYTES));
        }
    }

    /** The strip's sums, where all its blocks have the same scales. */
    private void scale(Assembler a) {
        for (int m = 0; form.wholeNumbers() && m < rows; m++) {
            a.multiplyFloats(m, m, Address.at(RDI, 0));
        }
        a.add(RDI, form.endBytes());
    }

    /** Adds a block's sums, times their scales, to the strip's. */
    private void close(Assembler a) {
        for (int m = 0; form.indices() && m < rows; m++) {
            a.multiplyAdd(m, BLOCK + m, Address.at(RDI, form.scaleOffset()));
        }
    }
}
