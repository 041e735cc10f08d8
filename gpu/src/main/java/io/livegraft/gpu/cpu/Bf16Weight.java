package io.livegraft.gpu.cpu;

import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The upper half of a float32, rounded to nearest even. */
record Bf16Weight(int outputFeatures, int inputFeatures, short[] values) implements CpuLinearWeight {
    static Bf16Weight round(int outputFeatures, int inputFeatures, float[] values) {
        short[] rounded = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = Bf16.fromFloat(values[i]);
        }
        return new Bf16Weight(outputFeatures, inputFeatures, rounded);
    }

    /** With zeros behind the columns of {@code weight}, up to a multiple of {@code unit}. */
    static Bf16Weight padded(HostTensor weight, int unit) {
        int columns = Math.ceilDiv(weight.columns(), unit) * unit;
        short[] rounded = new short[weight.rows() * columns];
        for (int row = 0; row < weight.rows(); row++) {
            for (int i = 0; i < weight.columns(); i++) {
                rounded[row * columns + i] = Bf16.fromFloat(weight.values()[row * weight.columns() + i]);
            }
        }
        return new Bf16Weight(weight.rows(), columns, rounded);
    }

    @Override
    public long bytes() {
        return 2L * values.length;
    }

    @Override
    public void decodeBf16(MemorySegment out, int first, int count, int from, int width) {
        for (int r = 0; r < count; r++) {
            MemorySegment.copy(
                    values, (first + r) * inputFeatures + from, out, ValueLayout.JAVA_SHORT, 2L * r * width, width);
        }
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        int from = row * inputFeatures + fromColumn;
        for (int i = 0; i < count; i++) {
            out[offset + i * stride] = Bf16.toFloat(values[from + i]);
        }
    }
}
