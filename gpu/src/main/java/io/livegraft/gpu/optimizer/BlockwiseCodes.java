package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.BlockwiseState;

/**
 * One moment of one tensor in 8 bits per value (Dettmers et al., arXiv 2110.02861, equation 2):
 *
 * <pre>{@code
 *   absmax[b] = max |x[i]|, i in block b of 256          code[i] = nearest entry of MAP to x[i] / absmax[b]
 *   x'[i] = MAP[code[i]] · absmax[i / 256]
 * }</pre>
 *
 * The last block may be short. A block of zeros has absmax 0 and the codes of 0.
 *
 * @param codes one per value, row-major; not copied, the maker gives it away
 * @param absMax one per block
 */
public record BlockwiseCodes(byte[] codes, float[] absMax) {
    /** Values per absmax; bitsandbytes' choice, the paper has 2048. */
    public static final int BLOCK = BlockwiseState.BLOCK;

    public BlockwiseCodes {
        if (absMax.length != Math.ceilDiv(codes.length, BLOCK)) {
            throw new IllegalArgumentException("%d codes need %d absmax but there are %d"
                    .formatted(codes.length, Math.ceilDiv(codes.length, BLOCK), absMax.length));
        }
    }

    static BlockwiseCodes quantize(float[] values, DynamicMap map) {
        byte[] codes = new byte[values.length];
        float[] absMax = new float[Math.ceilDiv(values.length, BLOCK)];
        for (int block = 0; block < absMax.length; block++) {
            int end = Math.min((block + 1) * BLOCK, values.length);
            float largest = 0;
            for (int i = block * BLOCK; i < end; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            absMax[block] = largest;
            for (int i = block * BLOCK; i < end; i++) {
                codes[i] = values[i] == 0 ? map.zero() : map.encode(values[i] / largest);
            }
        }
        return new BlockwiseCodes(codes, absMax);
    }

    static BlockwiseCodes of(BlockwiseState.Codes codes) {
        return new BlockwiseCodes(codes.codes(), codes.absMax());
    }

    /** As a backend takes them. */
    BlockwiseState.Codes on(DynamicMap map) {
        return new BlockwiseState.Codes(codes, absMax, map.values());
    }

    float[] dequantize(DynamicMap map) {
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = map.value(codes[i]) * absMax[i / BLOCK];
        }
        return values;
    }

    long bytes() {
        return codes.length + (long) Float.BYTES * absMax.length;
    }
}
