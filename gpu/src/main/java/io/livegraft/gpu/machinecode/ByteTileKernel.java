package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R14;
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
 * {@code y = x · wᵀ} for up to 16 rows of x in {@link ByteBlocks} on AMX: a block is decoded once for all rows. The formula, and every
 * bit of the result, is {@link ByteRowKernel}'s.
 *
 * <p>As in {@link TileKernel} the next block is decoded, into the other of two buffers, before this one is multiplied.
 */
public final class ByteTileKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    }

    public static final int MOST_ROWS = 16;

    private static final int SUM = 0;
    private static final int INPUT = 1;
    private static final int WEIGHT = 2;
    private static final int TABLE = 16;
    private static final int STEP = 17;
    private static final int SCALE = 18;
    private static final int WORD = 19;
    private static final int FIRST = 20;
    private static final int SECOND = 21;
    private static final int PRODUCT = 24;
    private static final int PRODUCTS = 8;
    private static final int LINE = 64;
    private static final int AHEAD = 4096;
    private static final int PUSHED = 8;

    private final StripForm form;
    private final int rows;
    private final boolean fetch;
    private final MemorySegment code;
    private final TileConfiguration configuration;

    /**
     * Writes the code, for a form of {@link StripForm#bytes}.
     *
     * @param fetch fetches other memory meanwhile
     */
    public ByteTileKernel(ExecutableMemory memory, StripForm form, int rows, boolean fetch) {
        this.form = form;
        this.rows = rows;
        this.fetch = fetch;
        this.configuration = TileConfiguration.of(
                tile -> tile == WEIGHT ? form.blockInputs() / 4 : rows,
                tile -> tile == INPUT ? form.blockInputs() : LINE);
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param weights the first strip
     * @param x all blocks of the rows
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param scratch the calling thread's own
     * @param other address of what is fetched into the second cache, {@link ByteBlocks#fetched} a block
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
            long other) {
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
                    other);
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
        a.push(RBX);
        a.push(R12);
        a.push(R13);
        if (fetch) {
            a.push(R14);
            a.load(R14, Address.at(RSP, 4 * PUSHED + 32));
        }
        Constants.enter(a, RAX);
        a.loadVector(TABLE, Address.at(RAX, form.indices() ? Constants.BYTE_LEVELS : Constants.INTERLEAVE));
        a.broadcast(STEP, Address.at(RAX, Constants.STEP));
        a.move(RBX, LINE);
        a.move(R12, form.blockInputs());
        a.move(R13, R11);
        a.flip(R13, TileScratch.BUFFER);
        Label strip = a.label();
        strip(a);
        a.loop(R9, strip);
        a.releaseTiles();
        Constants.exit(a);
        if (fetch) {
            a.pop(R14);
        }
        a.pop(R13);
        a.pop(R12);
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void strip(Assembler a) {
        a.move(RAX, RSI);
        a.move(R10, R8);
        for (int m = 0; m < rows; m++) {
            a.zero(m);
        }
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
        end(a);
    }

    /** A block into a buffer; goes on to the next. */
    private void decode(Assembler a, Register to) {
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        for (int word = 0; word < form.words(); word++) {
            if (form.indices()) {
                levels(a, word, to);
            } else {
                a.lookUp8(FIRST, TABLE, Address.at(RDI, word * LINE));
                a.storeVector(Address.at(to, word * LINE), FIRST);
            }
        }
        a.add(RDI, form.blockBytes());
    }

    private static void levels(Assembler a, int word, Register to) {
        a.loadVector(WORD, Address.at(RDI, word * LINE));
        a.lookUp8(FIRST, WORD, TABLE);
        a.storeVector(Address.at(to, 2 * word * LINE), FIRST);
        a.shiftRight16(SECOND, WORD, 4);
        a.lookUp8(SECOND, SECOND, TABLE);
        a.storeVector(Address.at(to, (2 * word + 1) * LINE), SECOND);
    }

    /** @param back blocks from this one to the next that is to be decoded */
    private void product(Assembler a, int back) {
        a.zeroTile(SUM);
        a.loadTile(INPUT, Address.rows(RAX, 0, R12));
        a.loadTile(WEIGHT, Address.rows(R11, 0, RBX));
        a.multiplyByteTiles(SUM, INPUT, WEIGHT);
        if (fetch) {
            for (int m = 0; m < rows; m++) {
                a.prefetchSecond(Address.at(R14, m * LINE));
            }
            a.add(R14, ByteBlocks.fetched(rows));
        }
        a.storeTile(Address.rows(R11, TileScratch.SUMS, RBX), SUM);
        if (form.indices()) {
            a.loadVector(SCALE, Address.at(RDI, form.scaleOffset() - back * form.blockBytes()));
        }
        for (int m = 0; m < rows; m++) {
            int product = PRODUCT + m % PRODUCTS;
            a.toFloats(product, Address.at(R11, TileScratch.SUMS + m * LINE));
            Address scale = Address.broadcast(RAX, ByteBlocks.scale(form, rows, m));
            if (form.indices()) {
                a.multiplyFloats(product, product, scale);
                a.multiplyAdd(m, product, SCALE);
            } else {
                a.multiplyAdd(m, product, scale);
            }
        }
        a.add(RAX, ByteBlocks.blockBytes(form, rows));
    }

    /** Scales a strip's sums and writes them. */
    private void end(Assembler a) {
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            if (form.indices()) {
                a.multiplyFloats(m, m, STEP);
            } else {
                a.multiplyFloats(m, m, Address.at(RDI, 0));
            }
            a.storeVector(Address.at(RAX, 0), m);
            a.add(RAX, RCX);
        }
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, form.endBytes());
    }
}
