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

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Decodes 32 inputs of all strips into tiles of the weight itself: the second operand of {@code dx = dy · w}, whose inner
 * dimension is the outputs. The numbers are {@link PanelKernel}'s, turned in registers.
 *
 * <pre>{@code
 *   b[o,i] = bf16( w[o,i] )      row p, lane i of a tile = the outputs 2p and 2p+1 of input i
 * }</pre>
 */
public final class TransposedPanelKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    }

    private static final int ROWS = 16;
    private static final int STRIPS_AHEAD = 4;
    private static final int TABLE = 16;
    private static final int SCALE = 17;
    private static final int ORDER = 18;
    private static final int WORD = 19;
    private static final int OTHER = 20;
    private static final int LINE = PanelKernel.LINE;
    /** Half of a tile: the pairs of one strip's outputs. */
    private static final int HALF_TILE = StripForm.TILE_BYTES / 2;

    private final StripForm form;
    private final MemorySegment code;

    public TransposedPanelKernel(ExecutableMemory memory, StripForm form) {
        this.form = form;
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param tile of the first strip
     * @param scale of the tile's block or strip (of no use to bfloat16)
     * @param stripBytes from one strip's tile to the next strip's
     * @param low tiles of the first 16 inputs
     * @param high tiles of the others
     */
    public void run(
            MemorySegment tile,
            MemorySegment scale,
            long stripBytes,
            MemorySegment low,
            MemorySegment high,
            long strips,
            Constants constants) {
        try {
            Call.HANDLE.invokeExact(code, tile, scale, stripBytes, low, high, strips, constants.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        a.move(RAX, RDX);
        a.shiftLeft(RAX, Integer.numberOfTrailingZeros(STRIPS_AHEAD));
        Label strip = a.label();
        if (form.indices()) {
            prefetch(a);
            decode(a);
        } else if (form.wholeNumbers()) {
            numbers(a);
        } else {
            for (int row = 0; row < ROWS; row++) {
                a.loadVector(row, Address.at(RDI, row * LINE));
            }
        }
        Transposition.write(a);
        for (int pair = 0; pair < ROWS / 2; pair++) {
            a.loadVector(ROWS, Address.at(R10, Constants.PAIR_LOW));
            a.select16(ROWS, 2 * pair, 2 * pair + 1);
            a.storeVector(Address.at(RCX, pair * LINE), ROWS);
            a.loadVector(ROWS + 1, Address.at(R10, Constants.PAIR_HIGH));
            a.select16(ROWS + 1, 2 * pair, 2 * pair + 1);
            a.storeVector(Address.at(R8, pair * LINE), ROWS + 1);
        }
        a.add(RDI, RDX);
        a.add(RSI, RDX);
        a.add(RCX, HALF_TILE);
        a.add(R8, HALF_TILE);
        a.loop(R9, strip);
        a.leave();
        return a;
    }

    /** Strips lie too far apart for the processor to see where this goes. */
    private static void prefetch(Assembler a) {
        for (int word = 0; word < 4; word++) {
            a.prefetch(Address.rows(RDI, word * LINE, RAX));
        }
        a.prefetch(Address.rows(RSI, 0, RAX));
    }

    private static void numbers(Assembler a) {
        a.loadVector(ORDER, Address.at(R10, Constants.ALTERNATE));
        a.loadVector(SCALE, Address.at(RSI, 0));
        for (int pair = 0; pair < ROWS; pair++) {
            WholeNumbers.scaled(a, pair, RDI, pair, SCALE, OTHER);
            a.lookUp16(pair, ORDER, pair);
        }
    }

    private static void decode(Assembler a) {
        a.loadVector(TABLE, Address.at(R10, Constants.EXACT_LEVELS));
        a.loadVector(ORDER, Address.at(R10, Constants.ALTERNATE));
        a.loadVector(SCALE, Address.at(RSI, 0));
        for (int word = 0; word < 4; word++) {
            a.loadVector(WORD, Address.at(RDI, word * LINE));
            for (int row = 0; row < 4; row++) {
                int to = 4 * word + row;
                PanelKernel.scaled(a, to, WORD, row, TABLE, SCALE, OTHER);
                a.lookUp16(to, ORDER, to);
            }
        }
    }
}
