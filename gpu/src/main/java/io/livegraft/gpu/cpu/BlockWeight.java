package io.livegraft.gpu.cpu;

import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Scales;

/** 4-bit indices and their scales as quantized: a nested scale is decoded with its block, so memory is what the format takes. */
record BlockWeight(BlockTensor tensor) implements CpuLinearWeight {
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
        byte[] packed = tensor.packed();
        float[] levels = tensor.levels();
        Scales scales = tensor.scales();
        int blockSize = tensor.blockSize();
        int blockShift = Integer.numberOfTrailingZeros(blockSize);
        int flat = row * tensor.columns() + fromColumn;
        int end = flat + count;
        int to = offset;
        while (flat < end) {
            int block = flat >> blockShift;
            int blockEnd = Math.min(end, (block + 1) << blockShift);
            float scale = scales.of(block);
            if ((flat & 1) == 1) {
                out[to] = levels[packed[flat >> 1] & 0xF] * scale;
                to += stride;
                flat++;
            }
            for (; flat + 1 < blockEnd; flat += 2) {
                int codes = packed[flat >> 1];
                out[to] = levels[(codes >> 4) & 0xF] * scale;
                out[to + stride] = levels[codes & 0xF] * scale;
                to += 2 * stride;
            }
            if (flat < blockEnd) {
                out[to] = levels[(packed[flat >> 1] >> 4) & 0xF] * scale;
                to += stride;
                flat++;
            }
        }
    }
}
