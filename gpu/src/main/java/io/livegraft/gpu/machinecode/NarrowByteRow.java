package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;

import io.livegraft.gpu.machinecode.Assembler.Label;

/**
 * {@link ByteRowKernel} in registers of 256 bits, which have eight outputs: half of a strip. One or two rows meet both halves in one pass
 * over a strip, more of them one half after the other, so that all sums stay in registers. Bytes are multiplied without the level's sign,
 * which the activation takes over: a pair's sum is at most 2 · 127 · 127 and has room in 16 bits, so that all sums are exact as well.
 */
final class NarrowByteRow {
    private static final int HALVES = 2;
    private static final int HALF_BYTES = 32;
    private static final int QUARTER_BYTES = 16;
    private static final int AHEAD = 4096;
    private static final int LINE = 64;
    /** Quarters 0, 2, 1 and 3: of two inputs' 16 outputs the first eight of each, then the others. */
    private static final int FIRST_HALVES = 0xD8;

    private static final int WHOLE = 4;
    private static final int TABLE = 8;
    /** Masks indices; a second word where there are whole numbers. */
    private static final int INDICES = 9;

    private static final int ONES = 10;
    private static final int WORD = 11;
    private static final int LEVELS = 12;
    private static final int MAGNITUDES = 13;
    private static final int X = 14;
    private static final int STEP = 15;

    private final StripForm form;
    private final int rows;
    private final boolean accumulate;
    /** Halves of a strip in one pass over it. */
    private final int together;

    private final Assembler a = new Assembler();
    private final NarrowVectors v = new NarrowVectors(a);
    private final FetchCode fetched;

    NarrowByteRow(StripForm form, int rows, boolean accumulate, boolean fetch) {
        this.form = form;
        this.rows = rows;
        this.accumulate = accumulate;
        this.fetched = new FetchCode(a, fetch, R10);
        this.together = rows * HALVES <= WHOLE ? HALVES : 1;
    }

    Assembler write() {
        a.push(RBX);
        a.load(RAX, Address.at(RSP, 16));
        fetched.enter(24);
        Constants.enter(a, RAX);
        v.load(TABLE, Address.at(RAX, form.indices() ? Constants.BYTE_LEVELS : Constants.PAIRS));
        v.load(INDICES, Address.at(RAX, Constants.LOWER_BITS));
        v.load(ONES, Address.at(RAX, Constants.ONES));
        v.broadcast(STEP, Address.at(RAX, Constants.STEP));
        Label strip = a.label();
        a.move(RBX, RDI);
        for (int half = 0; half < HALVES; half += together) {
            a.move(RDI, RBX);
            pass(half);
        }
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, form.endBytes());
        a.loop(R9, strip);
        Constants.exit(a);
        fetched.exit();
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void pass(int half) {
        for (int sum = 0; sum < together * rows; sum++) {
            v.zero(sum);
        }
        a.move(RAX, RSI);
        a.move(R11, R8);
        Label block = a.label();
        if (half == 0) {
            fetch();
        }
        block(half);
        a.loop(R11, block);
        end(half);
    }

    private void fetch() {
        for (int ahead = 0; ahead < form.blockBytes(); ahead += LINE) {
            a.prefetch(Address.at(RDI, AHEAD + ahead));
        }
        fetched.block(RDI);
    }

    private void block(int half) {
        for (int sum = 0; sum < together * rows; sum++) {
            v.zero(WHOLE + sum);
        }
        for (int word = 0; word < form.words(); word++) {
            if (form.indices()) {
                levels(half, word);
            } else {
                wholeNumbers(half, word);
            }
        }
        for (int m = 0; m < rows; m++) {
            v.broadcast(X, Address.at(RAX, ByteBlocks.scale(form, rows, m)));
            for (int h = 0; h < together; h++) {
                scale(half + h, h * rows + m);
            }
        }
        a.add(RDI, form.blockBytes());
        a.add(RAX, ByteBlocks.blockBytes(form, rows));
    }

    private void scale(int half, int sum) {
        int whole = WHOLE + sum;
        v.toFloats(whole, whole);
        if (form.indices()) {
            v.multiplyFloats(whole, whole, X);
            v.multiplyAdd(sum, whole, Address.at(RDI, form.scaleOffset() + half * HALF_BYTES));
        } else {
            v.multiplyAdd(sum, whole, X);
        }
    }

    /** Eight inputs: the lower and the upper half of every byte. */
    private void levels(int half, int word) {
        for (int h = 0; h < together; h++) {
            v.load(WORD, Address.at(RDI, word * LINE + (half + h) * HALF_BYTES));
            v.and(LEVELS, WORD, INDICES);
            v.lookUp8(LEVELS, TABLE, LEVELS);
            multiplyAdd(h, 8 * word);
            v.shiftRight16(LEVELS, WORD, 4);
            v.and(LEVELS, LEVELS, INDICES);
            v.lookUp8(LEVELS, TABLE, LEVELS);
            multiplyAdd(h, 8 * word + 4);
        }
    }

    /** Four inputs, of outputs 0 to 3 and 8 to 11, or the others. */
    private void wholeNumbers(int half, int word) {
        v.shuffle64(WORD, Address.at(RDI, word * LINE), FIRST_HALVES);
        v.lookUp8(WORD, WORD, TABLE);
        v.shuffle64(INDICES, Address.at(RDI, word * LINE + HALF_BYTES), FIRST_HALVES);
        v.lookUp8(INDICES, INDICES, TABLE);
        for (int h = 0; h < together; h++) {
            if (half + h == 0) {
                v.unpackLow16(LEVELS, WORD, INDICES);
            } else {
                v.unpackHigh16(LEVELS, WORD, INDICES);
            }
            multiplyAdd(h, 4 * word);
        }
    }

    private void multiplyAdd(int h, int k) {
        v.magnitude8(MAGNITUDES, LEVELS);
        for (int m = 0; m < rows; m++) {
            int sum = WHOLE + h * rows + m;
            v.broadcast(X, Address.at(RAX, m * form.blockInputs() + k));
            v.sign8(X, X, LEVELS);
            v.multiplyPairs8(X, MAGNITUDES, X);
            v.multiplyPairs16(X, X, ONES);
            v.add32(sum, sum, X);
        }
    }

    /** Scales a strip's sums and writes them. */
    private void end(int half) {
        if (form.wholeNumbers()) {
            a.prefetch(Address.at(RDI, AHEAD));
        }
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            for (int h = 0; h < together; h++) {
                if (form.indices()) {
                    levelsEnd(half + h, h * rows + m);
                } else {
                    wholeNumbersEnd(half + h, h * rows + m);
                }
            }
            a.add(RAX, RCX);
        }
    }

    private void levelsEnd(int half, int sum) {
        v.multiplyFloats(sum, sum, STEP);
        v.store(Address.at(RAX, half * HALF_BYTES), sum);
    }

    private void wholeNumbersEnd(int half, int sum) {
        int first = half * QUARTER_BYTES;
        int second = first + HALF_BYTES;
        v.loadHalves(X, Address.at(RDI, first), Address.at(RDI, second));
        int y = sum;
        if (accumulate) {
            y = WORD;
            v.loadHalves(y, Address.at(RAX, first), Address.at(RAX, second));
            v.multiplyAdd(y, sum, X);
        } else {
            v.multiplyFloats(y, sum, X);
        }
        v.storeHalf(Address.at(RAX, first), y);
        v.storeUpperHalf(Address.at(RAX, second), y);
    }
}
