package io.livegraft.gpu.cpu;

/** Float32 as loaded. */
record Fp32Weight(int outputFeatures, int inputFeatures, float[] values) implements CpuLinearWeight {
    @Override
    public long bytes() {
        return 4L * values.length;
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        int from = row * inputFeatures + fromColumn;
        for (int i = 0; i < count; i++) {
            out[offset + i * stride] = values[from + i];
        }
    }
}
