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

    private static final int CONTROL = 448;
    private static final int BYTES = 512;
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
        return new Constants(memory);
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
