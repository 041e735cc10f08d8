package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The upper half of a float32, rounded to nearest even.
 *
 * @param values row-major, on the heap or in native memory
 */
record Bf16Weight(int outputFeatures, int inputFeatures, MemorySegment values) implements CpuLinearWeight {
    /** Aligned in fact; saying so would be checked at every access. */
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;

    private static final String ROWS = "BFLOAT16_ROWS";

    static Bf16Weight round(int outputFeatures, int inputFeatures, float[] values) {
        short[] rounded = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = Bf16.fromFloat(values[i]);
        }
        return new Bf16Weight(outputFeatures, inputFeatures, MemorySegment.ofArray(rounded));
    }

    /** A weight as {@link #image} has it; empty where that is of another form or length. */
    static Optional<Bf16Weight> of(WeightImage image) {
        long bytes = (long) Short.BYTES * image.outputFeatures() * image.inputFeatures();
        return image.form().equals(ROWS) && image.bytes().byteSize() == bytes
                ? Optional.of(new Bf16Weight(image.outputFeatures(), image.inputFeatures(), image.bytes()))
                : Optional.empty();
    }

    WeightImage image() {
        return new WeightImage(ROWS, outputFeatures, inputFeatures, new float[16], values);
    }

    Bf16Weight movedTo(HugeMemory memory) {
        MemorySegment moved = memory.allocate(values.byteSize());
        MemorySegment.copy(values, ValueLayout.JAVA_SHORT, 0, moved, ValueLayout.JAVA_SHORT, 0, values.byteSize() / 2);
        return new Bf16Weight(outputFeatures, inputFeatures, moved);
    }

    @Override
    public long bytes() {
        return values.byteSize();
    }

    short[] row(int row) {
        return values.asSlice(offset(row, 0), (long) Short.BYTES * inputFeatures)
                .toArray(ValueLayout.JAVA_SHORT);
    }

    private long offset(int row, int column) {
        return Short.BYTES * ((long) row * inputFeatures + column);
    }

    @Override
    public void decodeBf16(MemorySegment out, int first, int count, int from, int width) {
        for (int r = 0; r < count; r++) {
            MemorySegment.copy(values, offset(first + r, from), out, 2L * r * width, 2L * width);
        }
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        for (int i = 0; i < count; i++) {
            out[offset + i * stride] = Bf16.toFloat(values.get(HALF, offset(row, fromColumn + i)));
        }
    }
}
