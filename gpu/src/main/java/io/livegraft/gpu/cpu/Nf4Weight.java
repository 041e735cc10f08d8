package io.livegraft.gpu.cpu;

import io.livegraft.gpu.quantization.Nf4;
import io.livegraft.gpu.quantization.Nf4Tensor;

/**
 * NF4 with double quantization as bitsandbytes lays it out; the second level is undone at load (0.37 bits a weight more,
 * one multiplication less a block).
 */
record Nf4Weight(int outputFeatures, int inputFeatures, byte[] packed, int blockSize, float[] absMax)
        implements CpuLinearWeight {
    private static final float[] CODEBOOK = Nf4.codebook();

    static Nf4Weight quantize(int outputFeatures, int inputFeatures, float[] values) {
        Nf4Tensor tensor = Nf4.quantize(values, Nf4.DEFAULT_BLOCK_SIZE, true);
        return new Nf4Weight(
                outputFeatures,
                inputFeatures,
                tensor.packed(),
                tensor.blockSize(),
                tensor.absMax().values());
    }

    @Override
    public long bytes() {
        return packed.length + 4L * absMax.length;
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        int flat = row * inputFeatures + fromColumn;
        int end = flat + count;
        int to = offset;
        while (flat < end) {
            int block = flat / blockSize;
            int blockEnd = Math.min(end, (block + 1) * blockSize);
            float scale = absMax[block];
            if ((flat & 1) == 1) {
                out[to] = CODEBOOK[packed[flat >> 1] & 0xF] * scale;
                to += stride;
                flat++;
            }
            for (; flat + 1 < blockEnd; flat += 2) {
                int codes = packed[flat >> 1];
                out[to] = CODEBOOK[(codes >> 4) & 0xF] * scale;
                out[to + stride] = CODEBOOK[codes & 0xF] * scale;
                to += 2 * stride;
            }
            if (flat < blockEnd) {
                out[to] = CODEBOOK[(packed[flat >> 1] >> 4) & 0xF] * scale;
                to += stride;
                flat++;
            }
        }
    }
}
