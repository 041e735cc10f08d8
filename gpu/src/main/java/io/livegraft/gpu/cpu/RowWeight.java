package io.livegraft.gpu.cpu;

import io.livegraft.gpu.quantization.RowTensor;

/** 8 bits a value and a scale a row. */
record RowWeight(RowTensor tensor) implements CpuLinearWeight {
    @Override
    public int outputFeatures() {
        return tensor.rows();
    }

    @Override
    public int inputFeatures() {
        return tensor.columns();
    }

    @Override
    public long bytes() {
        return tensor.bytes();
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        for (int i = 0; i < count; i++) {
            out[offset + i * stride] = tensor.value(row, fromColumn + i);
        }
    }
}
