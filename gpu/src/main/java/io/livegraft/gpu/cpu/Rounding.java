package io.livegraft.gpu.cpu;

import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** float32 to bfloat16, to nearest and ties to even, sixteen at a time. */
final class Rounding {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final int LANES = FLOATS.length();
    private static final int UPPER = 0xFFFF0000;

    private Rounding() {}

    /** Writes {@code bf16(scale · values[from + i])} at {@code to} bytes and on. */
    static void row(MemorySegment out, long to, float[] values, int from, int count, float scale) {
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            IntVector upper = rounded(values, from + i, scale).lanewise(VectorOperators.LSHR, 16);
            ((ShortVector) upper.convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoMemorySegment(out, to + 2L * i, ByteOrder.nativeOrder());
        }
        for (; i < count; i++) {
            out.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + 2L * i, Bf16.fromFloat(scale * values[from + i]));
        }
    }

    /**
     * Writes {@code bf16(scale · values[from + i])} as row {@code m} of {@code rows} into tiles of {@code width} columns, of which each has
     * all its rows one behind the other.
     */
    static void tiles(MemorySegment out, int m, int rows, int width, float[] values, int from, int count, float scale) {
        for (int i = 0; i < count; i += width) {
            row(out, 2L * (i * rows + m * width), values, from + i, Math.min(width, count - i), scale);
        }
    }

    /** As {@link #tiles}, as float32. */
    static void floatTiles(float[] out, int m, int rows, int width, float[] values, int from, int count, float scale) {
        for (int i = 0; i < count; i += width) {
            int to = i * rows + m * width;
            int some = Math.min(width, count - i);
            for (int j = 0; j < some; j += LANES) {
                rounded(values, from + i + j, scale)
                        .and(UPPER)
                        .reinterpretAsFloats()
                        .intoArray(out, to + j);
            }
        }
    }

    /** Writes the nearest that bfloat16 has as float32, at the elements {@code to}, {@code to + step}, … */
    static void floats(MemorySegment out, int to, int step, float[] values, int from, int count, float scale) {
        int i = 0;
        for (; step == 1 && i + LANES <= count; i += LANES) {
            rounded(values, from + i, scale).and(UPPER).intoMemorySegment(out, 4L * (to + i), ByteOrder.nativeOrder());
        }
        for (; i < count; i++) {
            float rounded = Bf16.toFloat(Bf16.fromFloat(scale * values[from + i]));
            out.setAtIndex(ValueLayout.JAVA_FLOAT, to + (long) i * step, rounded);
        }
    }

    /** Bits whose upper half is {@code bf16(scale · values[from + lane])}; the lower half is of no meaning. */
    private static IntVector rounded(float[] values, int from, float scale) {
        IntVector bits = FloatVector.fromArray(FLOATS, values, from).mul(scale).reinterpretAsInts();
        IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        return bits.add(even).add(0x7FFF);
    }
}
