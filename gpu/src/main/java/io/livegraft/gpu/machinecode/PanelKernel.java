package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Decodes strips of indices or whole numbers into tiles, the second operand of {@link GemmKernel}.
 *
 * <pre>{@code
 *   4 bits:  b[k,n] = bf16( levels[index[n,k]] · scale[n, block of k] )      rounded to nearest even
 *   8 bits:  b[k,n] = bf16( number[n,k] · scale[n] )
 * }</pre>
 */
public final class PanelKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
    }

    static final int LINE = 64;
    /** The strips of the next 32 columns follow these. */
    private static final int AHEAD = 4096;

    private static final int SCALE = 0;
    private static final int TABLE = 1;
    private static final int ORDER = 2;
    private static final int WORD = 3;
    private static final int EVEN = 4;
    private static final int ODD = 5;

    private final StripForm form;
    private final MemorySegment code;

    public PanelKernel(ExecutableMemory memory, StripForm form) {
        this.form = form;
        this.code = memory.write(write());
    }

    /**
     * Decodes neighbouring blocks of a strip.
     *
     * @param scales of the strip's outputs; of no use to indices, whose blocks have their own
     */
    public void run(
            MemorySegment weights, MemorySegment scales, MemorySegment tiles, long blocks, Constants constants) {
        try {
            Call.HANDLE.invokeExact(code, weights, tiles, blocks, constants.memory(), scales);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.loadVector(TABLE, Address.at(RCX, Constants.EXACT_LEVELS));
        a.loadVector(ORDER, Address.at(RCX, Constants.ALTERNATE));
        if (form.wholeNumbers()) {
            a.loadVector(SCALE, Address.at(R8, 0));
        }
        Label block = a.label();
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        if (form.wholeNumbers()) {
            numbers(a);
        } else {
            indices(a);
        }
        a.add(RDI, form.blockBytes());
        a.add(RSI, form.tiles() * StripForm.TILE_BYTES);
        a.loop(RDX, block);
        a.leave();
        return a;
    }

    private void indices(Assembler a) {
        a.loadVector(SCALE, Address.at(RDI, form.scaleOffset()));
        for (int word = 0; word < form.scaleOffset() / LINE; word++) {
            a.loadVector(WORD, Address.at(RDI, word * LINE));
            for (int row = 0; row < 4; row++) {
                scaled(a, EVEN, WORD, row, TABLE, SCALE, ODD);
                store(a, 4 * word + row);
            }
        }
    }

    private void numbers(Assembler a) {
        for (int pair = 0; pair < form.pairs(); pair++) {
            WholeNumbers.scaled(a, EVEN, RDI, pair, SCALE, ODD);
            store(a, pair);
        }
    }

    private static void store(Assembler a, int row) {
        a.lookUp16(EVEN, ORDER, EVEN);
        a.storeVector(Address.at(RSI, row * LINE), EVEN);
    }

    /** The even inputs of one row of a tile in the lower half of {@code to}, the odd ones in the upper. */
    static void scaled(Assembler a, int to, int word, int row, int table, int scale, int other) {
        a.shiftRight32(to, word, 4 * row);
        a.shiftRight32(other, word, 16 + 4 * row);
        a.lookUp32(to, to, table);
        a.lookUp32(other, other, table);
        a.multiplyFloats(to, to, scale);
        a.multiplyFloats(other, other, scale);
        a.roundTwo(to, other, to);
    }
}
