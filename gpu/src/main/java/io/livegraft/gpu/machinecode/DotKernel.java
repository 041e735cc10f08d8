package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R14;
import static io.livegraft.gpu.machinecode.Register.R15;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBP;
import static io.livegraft.gpu.machinecode.Register.RBX;
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
import java.util.List;

/**
 * The products of {@link GemmKernel} and {@link BlockKernel} in registers of 512 bits, for processors that multiply bfloat16 but have no
 * tiles.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0), then over pairs of k in their order: fma of a[m,k+1]·b[k+1,n], fma of a[m,k]·b[k,n]
 * }</pre>
 *
 * Subnormal numbers are zero. Sums of 8 rows and two tiles of columns, or of 16 rows and one, stay in registers over all of K.
 */
public final class DotKernel implements ProductKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    private static final int LINE = 64;
    private static final int TILE_ROWS = 16;
    /** Sums in registers, so that none waits for the one before. */
    private static final int SUMS = 16;

    private static final List<Register> SAVED = List.of(RBX, RBP, R12, R13, R14, R15);
    /** Along the strips of b. */
    private static final List<Register> COLUMNS = List.of(RBP, R11);

    private final StripForm form;
    private final int columns;
    private final int rows;
    private final boolean accumulate;
    private final MemorySegment code;

    private DotKernel(
            ExecutableMemory memory, StripForm form, int tiles, int columns, boolean down, boolean accumulate) {
        this.form = form;
        this.columns = columns;
        this.rows = SUMS / columns;
        this.accumulate = accumulate;
        this.code = memory.write(down ? down(tiles) : along(tiles));
    }

    /** Blocks of 32 rows below each other and 32 columns: as {@link GemmKernel}. */
    public static DotKernel down(ExecutableMemory memory, boolean accumulate) {
        return new DotKernel(memory, StripForm.BFLOAT16, 2, 2, true, accumulate);
    }

    /**
     * {@code rows} tiles of rows, 1 or 2, by any number of blocks of {@code columns} tiles of columns: as {@link BlockKernel}.
     *
     * @param form of b: of half tiles the first 16 columns of a's meet them
     */
    public static DotKernel along(ExecutableMemory memory, StripForm form, int rows, int columns, boolean accumulate) {
        return new DotKernel(memory, form, rows, columns, false, accumulate);
    }

    @Override
    public void run(
            MemorySegment a,
            long aStrip,
            MemorySegment b,
            long bStrip,
            MemorySegment c,
            long cStride,
            long depth,
            long blocks) {
        try {
            Call.HANDLE.invokeExact(code, a, aStrip, b, bStrip, c, cStride, depth, blocks);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler down(int tiles) {
        Assembler a = enter();
        a.shiftLeft(R14, Integer.numberOfTrailingZeros(tiles));
        a.move(R12, RDI);
        a.move(R13, R8);
        Label strip = a.label();
        strip(a);
        a.loop(R14, strip);
        return leave(a);
    }

    private Assembler along(int tiles) {
        Assembler a = enter();
        Label block = a.label();
        a.move(R12, RDI);
        a.move(R13, R8);
        a.move(R15, tiles);
        Label strip = a.label();
        strip(a);
        a.loop(R15, strip);
        for (int n = 0; n < columns; n++) {
            a.add(RDX, RCX);
        }
        a.add(R8, columns * LINE);
        a.loop(R14, block);
        return leave(a);
    }

    /** RAX is the depth, R14 the blocks. */
    private static Assembler enter() {
        Assembler a = new Assembler();
        a.load(RAX, Address.at(RSP, 8));
        a.load(R10, Address.at(RSP, 16));
        SAVED.forEach(a::push);
        a.move(R14, R10);
        return a;
    }

    private static Assembler leave(Assembler a) {
        SAVED.reversed().forEach(a::pop);
        a.leave();
        return a;
    }

    /** 16 rows: from R12 to R13, which go on to the next. */
    private void strip(Assembler a) {
        for (int row = 0; row < TILE_ROWS; row += rows) {
            begin(a);
            fetch(a);
            a.move(RBX, R12);
            a.move(RBP, RDX);
            if (columns > 1) {
                a.move(R11, RDX);
                a.add(R11, RCX);
            }
            a.move(R10, RAX);
            Label step = a.label();
            step(a, row);
            a.loop(R10, step);
            end(a);
        }
        a.add(R12, RSI);
    }

    private void begin(Assembler a) {
        a.move(RBX, R13);
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                if (accumulate) {
                    a.loadVector(sum(m, n), Address.at(RBX, n * LINE));
                } else {
                    a.zero(sum(m, n));
                }
            }
            a.add(RBX, R9);
        }
    }

    /**
     * Rows of c lie too far apart for the processor to see where sums go: those that are read are fetched before their turn, the others
     * before they are written.
     */
    private void fetch(Assembler a) {
        if (!accumulate) {
            a.move(RBX, R13);
        }
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                a.prefetchToWrite(Address.at(RBX, n * LINE));
            }
            a.add(RBX, R9);
        }
    }

    /** 32 of K. */
    private void step(Assembler a, int row) {
        for (int pair = 0; pair < form.pairs(); pair++) {
            for (int n = 0; n < columns; n++) {
                a.loadVector(SUMS + n, Address.at(COLUMNS.get(n), pair * LINE));
            }
            for (int m = 0; m < rows; m++) {
                Address left = Address.broadcast(RBX, (row + m) * LINE + pair * Float.BYTES);
                for (int n = 0; n < columns; n++) {
                    a.multiplyAddPairs(sum(m, n), SUMS + n, left);
                }
            }
        }
        a.add(RBX, StripForm.TILE_BYTES);
        for (int n = 0; n < columns; n++) {
            a.add(COLUMNS.get(n), form.blockBytes());
        }
    }

    private void end(Assembler a) {
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                a.storeVector(Address.at(R13, n * LINE), sum(m, n));
            }
            a.add(R13, R9);
        }
    }

    private int sum(int row, int column) {
        return row * columns + column;
    }
}
