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
 * {@code y = x · wᵀ} for one to four rows of x in {@link ByteBlocks}: sums of whole numbers, exact in any order, then scaled.
 *
 * <pre>{@code
 *   s[m,o]  = Σ inputs of a block:  whole[m,k] · level[o,k]                  both signed bytes; 32 bits
 *   4 bits:   y[m,o] = step · ( fma over blocks of (s · scale[m, block]) · scale[o, block] )
 *   8 bits:   y[m,o] = scale[o] · ( fma over blocks of s · scale[m, block] )           or added to y, rounded once
 * }</pre>
 *
 * Levels of a codebook are rounded to multiples of its {@link Constants#step}, 1/127 of the largest. The bits are {@link ByteTileKernel}'s,
 * and {@link NarrowByteRow}'s, which is the code where registers have 256 bits.
 */
public final class ByteRowKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    public static final int MOST_ROWS = 4;

    /** Two sums a row, so that products needn't wait for each other. */
    private static final int EVEN = 4;

    private static final int ODD = 8;
    private static final int TABLE = 16;
    private static final int BIASES = 17;
    private static final int STEP = 18;
    private static final int WORD = 19;
    private static final int FIRST = 20;
    private static final int SECOND = 21;
    private static final int SUM = 22;
    private static final int AHEAD = 4096;
    private static final int LINE = 64;

    private final StripForm form;
    private final int rows;
    private final boolean accumulate;
    private final boolean fetch;
    private final MemorySegment code;

    /**
     * Writes the code, for a form of {@link StripForm#bytes}.
     *
     * @param accumulate adds to y; of whole numbers only
     * @param fetch fetches other memory meanwhile
     */
    public ByteRowKernel(
            ExecutableMemory memory, VectorWidth width, StripForm form, int rows, boolean accumulate, boolean fetch) {
        this.form = form;
        this.rows = rows;
        this.accumulate = accumulate;
        this.fetch = fetch;
        this.code = memory.write(
                switch (width) {
                    case WIDE -> write();
                    case NARROW -> new NarrowByteRow(form, rows, accumulate, fetch).write();
                });
    }

    /**
     * Runs the code.
     *
     * @param weights the first strip
     * @param x all blocks of the rows
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param fetched by kernels that fetch
     */
    public void run(
            MemorySegment weights,
            MemorySegment x,
            MemorySegment y,
            long yStride,
            long blocks,
            long strips,
            Constants constants,
            Fetched fetched) {
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
                    fetched.other(),
                    (long) fetched.lines(),
                    fetched.ahead());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        FetchCode fetched = new FetchCode(a, fetch, R10);
        a.load(RAX, Address.at(RSP, 8));
        fetched.enter(16);
        Constants.enter(a, RAX);
        a.loadVector(TABLE, Address.at(RAX, form.indices() ? Constants.BIASED_LEVELS : Constants.INTERLEAVE));
        a.loadVector(BIASES, Address.at(RAX, Constants.BIASES));
        a.broadcast(STEP, Address.at(RAX, Constants.STEP));
        Label strip = a.label();
        for (int m = 0; m < rows; m++) {
            a.zero(m);
        }
        a.move(RAX, RSI);
        a.move(R11, R8);
        Label block = a.label();
        fetched.block(RDI);
        block(a);
        a.loop(R11, block);
        end(a);
        a.loop(R9, strip);
        Constants.exit(a);
        fetched.exit();
        a.leave();
        return a;
    }

    private void block(Assembler a) {
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        for (int m = 0; m < rows; m++) {
            a.broadcast(EVEN + m, Address.at(RAX, ByteBlocks.bias(form, rows, m)));
            a.zero(ODD + m);
        }
        for (int word = 0; word < form.words(); word++) {
            if (form.indices()) {
                levels(a, word);
            } else {
                wholeNumbers(a, word);
            }
        }
        for (int m = 0; m < rows; m++) {
            a.add32(EVEN + m, EVEN + m, ODD + m);
            a.toFloats(EVEN + m, EVEN + m);
            Address scale = Address.broadcast(RAX, ByteBlocks.scale(form, rows, m));
            if (form.indices()) {
                a.multiplyFloats(EVEN + m, EVEN + m, scale);
                a.multiplyAdd(m, EVEN + m, Address.at(RDI, form.scaleOffset()));
            } else {
                a.multiplyAdd(m, EVEN + m, scale);
            }
        }
        a.add(RDI, form.blockBytes());
        a.add(RAX, ByteBlocks.blockBytes(form, rows));
    }

    /** Eight inputs: the lower and the upper half of every byte. */
    private void levels(Assembler a, int word) {
        a.loadVector(WORD, Address.at(RDI, word * LINE));
        a.lookUp8(FIRST, WORD, TABLE);
        multiplyAdd(a, EVEN, FIRST, 8 * word);
        a.shiftRight16(SECOND, WORD, 4);
        a.lookUp8(SECOND, SECOND, TABLE);
        multiplyAdd(a, ODD, SECOND, 8 * word + 4);
    }

    /** Four inputs. */
    private void wholeNumbers(Assembler a, int word) {
        a.lookUp8(FIRST, TABLE, Address.at(RDI, word * LINE));
        a.xor(FIRST, FIRST, BIASES);
        multiplyAdd(a, word % 2 == 0 ? EVEN : ODD, FIRST, 4 * word);
    }

    private void multiplyAdd(Assembler a, int sum, int levels, int k) {
        for (int m = 0; m < rows; m++) {
            a.multiplyAddBytes(sum + m, levels, Address.broadcast(RAX, m * form.blockInputs() + k));
        }
    }

    /** Scales a strip's sums and writes them. */
    private void end(Assembler a) {
        a.move(RAX, RDX);
        if (form.wholeNumbers()) {
            a.prefetch(Address.at(RDI, AHEAD));
        }
        for (int m = 0; m < rows; m++) {
            if (form.indices()) {
                a.multiplyFloats(m, m, STEP);
            } else if (accumulate) {
                a.loadVector(SUM, Address.at(RAX, 0));
                a.multiplyAdd(SUM, m, Address.at(RDI, 0));
            } else {
                a.multiplyFloats(m, m, Address.at(RDI, 0));
            }
            a.storeVector(Address.at(RAX, 0), accumulate ? SUM : m);
            a.add(RAX, RCX);
        }
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, form.endBytes());
    }
}
