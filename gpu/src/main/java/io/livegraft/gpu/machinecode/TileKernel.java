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

import io.livegraft.gpu.machinecode.Assembler.Jump;
import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code y = x · wᵀ} for up to 16 rows on AMX: a tile is decoded once for all rows, multiplied, and sums are scaled. The formula,
 * and every bit of the result, is {@link RowKernel}'s.
 *
 * <p>A tile can't be loaded before the stores that wrote it have reached the cache: so the next block is decoded, into the other of
 * two buffers, before this one is multiplied.
 */
public final class TileKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    }

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
                tile -> tile == INPUT || tile == INPUT + 1 ? form.inputBytes() : LINE);
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
            Constants constants,
            TileScratch scratch) {
        run(weights, x, y, yStride, blocks, strips, constants, scratch, 0);
    }

    /**
     * Multiplies with strips that may lie apart.
     *
     * @param weights the first strip
     * @param x bfloat16, tile by tile of the weights' inputs: of each, all rows one behind the other
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param scratch the calling thread's own
     * @param gap bytes between the end of a strip and the next
     */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants,
            TileScratch scratch,
            long gap) {
        try {
            Call.HANDLE.invokeExact(
                    code,
                    weights,
                    x,
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
        a.load(RAX, Address.at(RSP, 8));
        a.load(R11, Address.at(RSP, 24));
        a.configureTiles(Address.at(R11, 0));
        a.load(R11, Address.at(RSP, 16));
        a.load(R10, Address.at(RSP, 32));
        a.push(RBX);
        a.push(R12);
        a.push(R13);
        a.move(R12, R10);
        Constants.enter(a, RAX);
        a.loadVector(TABLE, Address.at(RAX, Constants.SHORT_LEVELS));
        a.move(RBX, LINE);
        a.move(R13, R11);
        a.flip(R13, TileScratch.BUFFER);
        Label strip = a.label();
        begin(a);
        if (form.bfloat16()) {
            blocks(a);
        } else {
            decodedBlocks(a);
        }
        end(a);
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, R12);
        a.loop(R9, strip);
        a.releaseTiles();
        Constants.exit(a);
        a.pop(R13);
        a.pop(R12);
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void begin(Assembler a) {
        a.move(RAX, RSI);
        a.move(R10, R8);
        for (int m = 0; m < rows && form.indices(); m++) {
            a.zero(m);
        }
        if (accumulate) {
            a.loadTile(SUM, Address.rows(RDX, 0, RCX));
        } else {
            a.zeroTile(SUM);
        }
    }

    private void blocks(Assembler a) {
        if (form.inputBytes() != LINE) {
            a.move(R13, form.inputBytes());
        }
        Label block = a.label();
        prefetch(a);
        multiply(a, RDI, form.inputBytes() == LINE ? RBX : R13);
        a.add(RDI, form.blockBytes());
        a.loop(R10, block);
    }

    private void decodedBlocks(Assembler a) {
        decode(a, R11);
        a.add(R10, -1);
        Jump last = a.jumpIfZero();
        Label block = a.label();
        decode(a, R13);
        product(a, 2);
        a.flip(R11, TileScratch.BUFFER);
        a.flip(R13, TileScratch.BUFFER);
        a.loop(R10, block);
        a.here(last);
        product(a, 1);
    }

    private void prefetch(Assembler a) {
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
    }

    /** The tiles of a block into a buffer; goes on to the next. */
    private void decode(Assembler a, Register to) {
        prefetch(a);
        if (form.wholeNumbers()) {
            for (int pair = 0; pair < form.pairs(); pair++) {
                WholeNumbers.row(a, LEVEL, RDI, pair, WORD);
                a.storeVector(Address.at(to, pair * LINE), LEVEL);
            }
        } else {
            for (int word = 0; word < form.scaleOffset() / LINE; word++) {
                lookUp(a, word, to);
            }
        }
        a.add(RDI, form.blockBytes());
    }

    /** Four rows of a tile. */
    private static void lookUp(Assembler a, int word, Register to) {
        a.loadVector(WORD, Address.at(RDI, word * LINE));
        for (int row = 0; row < 4; row++) {
            if (row > 0) {
                a.shiftRight16(LEVEL, WORD, 4 * row);
            }
            a.lookUp16(LEVEL, row == 0 ? WORD : LEVEL, TABLE);
            a.storeVector(Address.at(to, (4 * word + row) * LINE), LEVEL);
        }
    }

    /** @param back blocks from this one to the next that is to be decoded */
    private void product(Assembler a, int back) {
        if (form.indices()) {
            a.zeroTile(SUM);
        }
        multiply(a, R11, RBX);
        if (form.indices()) {
            a.storeTile(Address.rows(R11, TileScratch.SUMS, RBX), SUM);
            a.loadVector(SCALE, Address.at(RDI, form.scaleOffset() - back * form.blockBytes()));
            for (int m = 0; m < rows; m++) {
                a.multiplyAdd(m, SCALE, Address.at(R11, TileScratch.SUMS + m * LINE));
            }
        }
    }

    private void multiply(Assembler a, Register tiles, Register inputStride) {
        int inputBytes = rows * form.inputBytes();
        for (int tile = 0; tile < form.tiles(); tile++) {
            a.loadTile(INPUT + tile, Address.rows(RAX, tile * inputBytes, inputStride));
            a.loadTile(WEIGHT + tile, Address.rows(tiles, tile * StripForm.TILE_BYTES, RBX));
            a.multiplyTiles(SUM, INPUT + tile, WEIGHT + tile);
        }
        a.add(RAX, form.tiles() * inputBytes);
    }

    /** Writes a strip's outputs. */
    private void end(Assembler a) {
        if (form.bfloat16()) {
            a.storeTile(Address.rows(RDX, 0, RCX), SUM);
            return;
        }
        if (form.wholeNumbers()) {
            a.storeTile(Address.rows(R11, TileScratch.SUMS, RBX), SUM);
            a.loadVector(SCALE, Address.at(RDI, 0));
            a.add(RDI, form.endBytes());
        }
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            if (form.wholeNumbers()) {
                a.multiplyFloats(m, SCALE, Address.at(R11, TileScratch.SUMS + m * LINE));
            }
            a.storeVector(Address.at(RAX, 0), m);
            a.add(RAX, RCX);
        }
    }
}
