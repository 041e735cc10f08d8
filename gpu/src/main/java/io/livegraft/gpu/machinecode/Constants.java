package io.livegraft.gpu.machinecode;

import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What kernels load into registers before they start: a codebook, masks and lane orders. Made once for a codebook, shared by
 * all threads; arithmetic inside kernels treats subnormal numbers as zero, as tiles do.
 *
 * @param memory at the offsets below
 */
public record Constants(MemorySegment memory) {
    /** 16 float32, each a bfloat16 value. */
    static final int LEVELS = 0;
    /** 32 bfloat16: the levels twice. */
    static final int SHORT_LEVELS = 64;
    /** The upper 16 bits of every lane of 32. */
    static final int UPPER_HALVES = 128;
    /** Lanes 0, 16, 1, 17, …: of two halves, one of each in turn. */
    static final int ALTERNATE = 192;
    /** Lanes 0, 32, 1, 33, … of two registers. */
    static final int PAIR_LOW = 256;
    /** Lanes 16, 48, 17, 49, … of two registers. */
    static final int PAIR_HIGH = 320;
    /** 16 float32 as the codebook has them. */
    static final int EXACT_LEVELS = 384;

    /** 64 bytes without sign: the levels, as whole numbers, plus {@link #BIAS}, four times. */
    static final int BIASED_LEVELS = 512;
    /** 64 signed bytes: the levels as whole numbers, four times. */
    static final int BYTE_LEVELS = 576;
    /** Bytes 0, 16, 32, 48, 1, …: of four quarters, one of each in turn. */
    static final int INTERLEAVE = 640;
    /** Lanes 0, 4, 1, 5, 2, 6, 3, 7 of each eight: a word of indices has its inputs so, four bits after four. */
    static final int WORD_ORDER = 704;
    /** All bits of a float32 but its sign. */
    static final int MAGNITUDE = 768;
    /** The upper bit of every byte: adds {@link #BIAS}. */
    static final int BIASES = 832;
    /** float32 that a level's whole number stands for a multiple of. */
    static final int STEP = 896;
    /** {@link #LARGEST} as float32. */
    static final int LARGEST_BYTE = 900;
    /** Of a block's magnitude, so that its inverse is a number. */
    static final int LEAST = 904;

    /** Bytes: the lower four bits. */
    static final int LOWER_BITS = 960;
    /** Bytes 0, 8, 1, 9, …: of two halves, one of each in turn. */
    static final int PAIRS = 992;
    /** Lanes of 16 bits. */
    static final int ONES = 1024;
    /** Lanes 0, 4, 1, 5, 2, 6, 3, 7: what was narrowed half by half, in order. */
    static final int PACKED_ORDER = 1056;
    /** {@link #WORD_ORDER} of bytes. */
    static final int BYTE_ORDER = 1088;

    /** Makes a signed byte one without sign. */
    static final int BIAS = 128;
    /** Of whole numbers that stand for levels and activations. */
    static final int LARGEST = 127;

    private static final int CONTROL = 448;
    private static final int BYTES = 1120;
    private static final int NARROW = 32;
    /** {@code MXCSR}: round to nearest even, subnormal results and operands are zero, nothing traps. */
    private static final int FLUSH_TO_ZERO = 0x9FC0;
    /** A scratch word below the stack pointer; nothing else uses the red zone. */
    private static final Address SAVED = Address.at(Register.RSP, -8);

    /**
     * A table for one codebook.
     *
     * @param levels what the 16 indices stand for
     */
    public static Constants of(float[] levels) {
        MemorySegment memory = Arena.ofAuto().allocate(BYTES, 64);
        for (int i = 0; i < 32; i++) {
            short level = Bf16.fromFloat(levels[i % 16]);
            memory.set(ValueLayout.JAVA_FLOAT, LEVELS + 4L * (i % 16), Bf16.toFloat(level));
            memory.set(ValueLayout.JAVA_FLOAT, EXACT_LEVELS + 4L * (i % 16), levels[i % 16]);
            memory.set(ValueLayout.JAVA_INT, UPPER_HALVES + 4L * (i % 16), 0xFFFF0000);
            memory.set(ValueLayout.JAVA_SHORT, SHORT_LEVELS + 2L * i, level);
            memory.set(ValueLayout.JAVA_SHORT, ALTERNATE + 2L * i, (short) (i / 2 + i % 2 * 16));
            memory.set(ValueLayout.JAVA_SHORT, PAIR_LOW + 2L * i, (short) (i / 2 + i % 2 * 32));
            memory.set(ValueLayout.JAVA_SHORT, PAIR_HIGH + 2L * i, (short) (16 + i / 2 + i % 2 * 32));
        }
        memory.set(ValueLayout.JAVA_INT, CONTROL, FLUSH_TO_ZERO);
        setBytes(memory, levels);
        setNarrow(memory);
        return new Constants(memory);
    }

    /** What products of whole numbers need. */
    private static void setBytes(MemorySegment memory, float[] levels) {
        float step = step(levels);
        for (int i = 0; i < 64; i++) {
            byte whole = (byte) Math.rint(levels[i % 16] / (double) step);
            memory.set(ValueLayout.JAVA_BYTE, BYTE_LEVELS + i, whole);
            memory.set(ValueLayout.JAVA_BYTE, BIASED_LEVELS + i, (byte) (whole + BIAS));
            memory.set(ValueLayout.JAVA_BYTE, INTERLEAVE + i, (byte) (i / 4 + i % 4 * 16));
            memory.set(ValueLayout.JAVA_BYTE, BIASES + i, (byte) BIAS);
        }
        for (int i = 0; i < 16; i++) {
            memory.set(ValueLayout.JAVA_INT, WORD_ORDER + 4L * i, wordOrder(i));
            memory.set(ValueLayout.JAVA_INT, MAGNITUDE + 4L * i, Integer.MAX_VALUE);
        }
        memory.set(ValueLayout.JAVA_FLOAT, STEP, step);
        memory.set(ValueLayout.JAVA_FLOAT, LARGEST_BYTE, LARGEST);
        memory.set(ValueLayout.JAVA_FLOAT, LEAST, 0x1p-100f);
    }

    private static int wordOrder(int lane) {
        return lane / 8 * 8 + lane / 2 % 4 + lane % 2 * 4;
    }

    /** The same for registers of 256 bits, whose bytes know no more than 16 others. */
    private static void setNarrow(MemorySegment memory) {
        for (int i = 0; i < NARROW; i++) {
            memory.set(ValueLayout.JAVA_BYTE, LOWER_BITS + i, (byte) 0xF);
            memory.set(ValueLayout.JAVA_BYTE, PAIRS + i, (byte) (i % 16 / 2 + i % 2 * 8));
            memory.set(ValueLayout.JAVA_BYTE, BYTE_ORDER + i, (byte) wordOrder(i % 16));
            if (i < NARROW / Short.BYTES) {
                memory.set(ValueLayout.JAVA_SHORT, ONES + 2L * i, (short) 1);
            }
            if (i < NARROW / Integer.BYTES) {
                memory.set(ValueLayout.JAVA_INT, PACKED_ORDER + 4L * i, i / 2 + i % 2 * 4);
            }
        }
    }

    /** The largest level is {@link #LARGEST} steps. */
    public static float step(float[] levels) {
        float largest = Float.MIN_NORMAL;
        for (float level : levels) {
            largest = Math.max(largest, Math.abs(level));
        }
        return largest / LARGEST;
    }

    /** For kernels that look nothing up. */
    public static Constants withoutLevels() {
        return of(new float[16]);
    }

    /** Sets the arithmetic; {@code pointer} holds a table of constants. */
    static void enter(Assembler a, Register pointer) {
        a.saveControl(SAVED);
        a.loadControl(Address.at(pointer, CONTROL));
    }

    static void exit(Assembler a) {
        a.loadControl(SAVED);
    }
}
