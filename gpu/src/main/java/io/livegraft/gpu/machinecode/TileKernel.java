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
import static io.livegraft.gpu.machinecode.Register.RSP;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code y = x · wᵀ} for up to 16 rows on AMX: a tile's levels are looked up once for all rows, multiplied, and the block's sums
 * are scaled. The formula, and every bit of the result, is {@link RowKernel}'s.
 */
public final class TileKernel {
    private static final MethodHandle CALL = ExecutableMemory.caller(
            ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS,
            JAVA_LONG);

    public static final int MOST_ROWS = 16;

    private static final int SUM = 0;
    private static final int INPUT = 2;
    private static final int WEIGHT = 4;
    private static final int TABLE = 16;
    private static final int WORD = 17;
    private static final int LEVEL = 18;
    private static final int SCALE = 24;
    private static final int LINE = 64;
    private static final int AHEAD = 4096;
    /** In scratch memory: the decoded tiles of a block, then its sums. */
    private static final int SUMS = 2 * StripForm.TILE_BYTES;

    private final StripForm form;
    private final int rows;
    private final boolean accumulate;
    private final MemorySegment code;
    private final TileConfiguration configuration;

    /**
     * Writes the code.
     *
     * @param accumulate adds to y: sums begin with what it holds; of bfloat16 only
     */
    public TileKernel(ExecutableMemory memory, StripForm form, int rows, boolean accumulate) {
        this.form = form;
        this.rows = rows;
        this.accumulate = accumulate;
        this.configuration = TileConfiguration.of(
                tile -> tile < WEIGHT ? rows : form.pairs(),
                tile -> tile == INPUT || tile == INPUT + 1 ? form.pairs() * Integer.BYTES : LINE);
        this.code = memory.write(write());
    }

    /** As below, strips one behind the other. */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            long xStride,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants,
            TileScratch scratch) {
        run(weights, x, xStride, y, yStride, blocks, strips, constants, scratch, 0);
    }

    /**
     * Multiplies with strips that may lie apart.
     *
     * @param weights the first strip
     * @param x bfloat16, rows {@code xStride} bytes apart
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param scratch the calling thread's own
     * @param gap bytes between the end of a strip's blocks and the next strip
     */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            long xStride,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants,
            TileScratch scratch,
            long gap) {
        try {
            CALL.invokeExact(
                    code,
                    weights,
                    x,
                    xStride,
                    y,
                    yStride,
                    blocks,
                    strips,
                    constants.memory(),
                    scratch.memory(),
                    configuration.memory(),
                    gap);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        a.load(RAX, Address.at(RSP, 16));
        a.load(R11, Address.at(RSP, 32));
        a.configureTiles(Address.at(R11, 0));
        a.load(R11, Address.at(RSP, 24));
        a.push(RBX);
        a.push(R12);
        a.push(R13);
        a.load(R13, Address.at(RSP, 64));
        a.move(R12, R10);
        Constants.enter(a, RAX);
        a.loadVector(TABLE, Address.at(RAX, Constants.SHORT_LEVELS));
        a.move(RBX, LINE);
        Label strip = a.label();
        for (int m = 0; m < rows && form.quantized(); m++) {
            a.zero(m);
        }
        if (accumulate) {
            a.loadTile(SUM, Address.rows(RCX, 0, R8));
        } else {
            a.zeroTile(SUM);
        }
        a.move(RAX, RSI);
        a.move(R10, R9);
        Label block = a.label();
        block(a);
        a.add(RDI, form.blockBytes());
        a.add(RAX, form.blockInputs() * Short.BYTES);
        a.loop(R10, block);
        store(a);
        a.add(RCX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, R13);
        a.loop(R12, strip);
        a.releaseTiles();
        Constants.exit(a);
        a.pop(R13);
        a.pop(R12);
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void block(Assembler a) {
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        if (form.quantized()) {
            for (int word = 0; word < form.scaleOffset() / LINE; word++) {
                decode(a, word);
            }
            a.zeroTile(SUM);
        }
        for (int tile = 0; tile < form.tiles(); tile++) {
            a.loadTile(INPUT + tile, Address.rows(RAX, tile * StripForm.TILE_INPUTS * Short.BYTES, RDX));
            a.loadTile(WEIGHT + tile, Address.rows(form.quantized() ? R11 : RDI, tile * StripForm.TILE_BYTES, RBX));
            a.multiplyTiles(SUM, INPUT + tile, WEIGHT + tile);
        }
        if (form.quantized()) {
            a.storeTile(Address.rows(R11, SUMS, RBX), SUM);
            a.loadVector(SCALE, Address.at(RDI, form.scaleOffset()));
            for (int m = 0; m < rows; m++) {
                a.multiplyAdd(m, SCALE, Address.at(R11, SUMS + m * LINE));
            }
        }
    }

    /** Four rows of a tile. */
    private static void decode(Assembler a, int word) {
        a.loadVector(WORD, Address.at(RDI, word * LINE));
        for (int row = 0; row < 4; row++) {
            if (row > 0) {
                a.shiftRight16(LEVEL, WORD, 4 * row);
            }
            a.lookUp16(LEVEL, row == 0 ? WORD : LEVEL, TABLE);
            a.storeVector(Address.at(R11, (4 * word + row) * LINE), LEVEL);
        }
    }

    private void store(Assembler a) {
        if (!form.quantized()) {
            a.storeTile(Address.rows(RCX, 0, R8), SUM);
            return;
        }
        a.move(RAX, RCX);
        for (int m = 0; m < rows; m++) {
            a.storeVector(Address.at(RAX, 0), m);
            a.add(RAX, R8);
        }
    }
}
