package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
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
 * A strip as float32, the 16 outputs of an input side by side; in registers of 256 bits.
 *
 * <pre>{@code
 *   out[k,o] = level[index[o,k]] · scale[o, block of k]        4 bits
 *   out[k,o] = whole[o,k] · scale[o]                           8 bits
 *   out[k,o] = w[o,k]                                          bfloat16
 * }</pre>
 */
public final class FloatPanelKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    }

    private static final int LINE = 64;
    private static final int HALF_BYTES = 32;
    private static final int HALVES = 2;
    private static final int LANES = 8;
    /** A float32's highest bit, which chooses, is an index's highest when it is shifted as far. */
    private static final int HIGHEST = 28;

    private static final int LOWER_LEVELS = 0;
    private static final int UPPER_LEVELS = 1;
    private static final int UPPER_HALVES = 2;
    private static final int SCALES = 4;
    private static final int WORDS = 6;
    private static final int VALUE = 8;
    private static final int OTHER = 9;
    private static final int CHOICE = 10;

    private final StripForm form;
    private final MemorySegment code;
    private final Assembler a = new Assembler();
    private final NarrowVectors v = new NarrowVectors(a);

    /** Writes the code. */
    public FloatPanelKernel(ExecutableMemory memory, StripForm form) {
        this.form = form;
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param strip its first block
     * @param out 16 floats an input, {@code stride} bytes apart
     * @param scales of the strip's outputs where they don't stand in its blocks
     */
    public void run(
            MemorySegment strip,
            MemorySegment out,
            long stride,
            long blocks,
            Constants constants,
            MemorySegment scales) {
        try {
            Call.HANDLE.invokeExact(code, strip, out, stride, blocks, constants.memory(), scales);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        v.load(LOWER_LEVELS, Address.at(R8, Constants.EXACT_LEVELS));
        v.load(UPPER_LEVELS, Address.at(R8, Constants.EXACT_LEVELS + HALF_BYTES));
        v.load(UPPER_HALVES, Address.at(R8, Constants.UPPER_HALVES));
        if (form.wholeNumbers()) {
            scales(R9, 0);
        }
        Label block = a.label();
        if (form.indices()) {
            scales(RDI, form.scaleOffset());
        }
        a.move(RAX, RDI);
        a.move(R11, form.blockInputs() / wordInputs());
        Label word = a.label();
        word();
        a.add(RAX, LINE);
        a.loop(R11, word);
        a.add(RDI, form.blockBytes());
        a.loop(RCX, block);
        a.leave();
        return a;
    }

    private void scales(Register from, int offset) {
        v.load(SCALES, Address.at(from, offset));
        v.load(SCALES + 1, Address.at(from, offset + HALF_BYTES));
    }

    private int wordInputs() {
        if (form.indices()) {
            return 8;
        }
        return form.wholeNumbers() ? 4 : 2;
    }

    private void word() {
        if (!form.wholeNumbers()) {
            v.load(WORDS, Address.at(RAX, 0));
            v.load(WORDS + 1, Address.at(RAX, HALF_BYTES));
        }
        for (int k = 0; k < wordInputs(); k++) {
            for (int half = 0; half < HALVES; half++) {
                if (form.indices()) {
                    level(half, k);
                } else if (form.wholeNumbers()) {
                    v.extendBytes(VALUE, Address.at(RAX, StripForm.OUTPUTS * k + LANES * half));
                    v.toFloats(VALUE, VALUE);
                    v.multiplyFloats(VALUE, VALUE, SCALES + half);
                } else if (k == 0) {
                    v.shiftLeft32(VALUE, WORDS + half, Short.SIZE);
                } else {
                    v.and(VALUE, WORDS + half, UPPER_HALVES);
                }
                v.store(Address.at(RSI, half * HALF_BYTES), VALUE);
            }
            a.add(RSI, RDX);
        }
    }

    /** Even inputs stand in a lane's lower half, odd ones in its upper. */
    private void level(int half, int k) {
        int bit = k / 2 * 4 + k % 2 * 16;
        v.shiftRight32(CHOICE, WORDS + half, bit);
        v.lookUp32(VALUE, CHOICE, LOWER_LEVELS);
        v.lookUp32(OTHER, CHOICE, UPPER_LEVELS);
        v.shiftLeft32(CHOICE, WORDS + half, HIGHEST - bit);
        v.choose(VALUE, VALUE, OTHER, CHOICE);
        v.multiplyFloats(VALUE, VALUE, SCALES + half);
    }
}
