package io.livegraft.gpu.quantization;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * 4-bit NormalFloat: 16 levels at quantiles of the normal distribution, with an exact zero and both ends.
 * <pre>{@code
 *   absmax[b] = max |w[i]|, i in block b        q[i] = number of thresholds below w[i] · (1/absmax[b])
 *   ŵ[i] = CODEBOOK[q[i]] · absmax[b]           |ŵ[i] − w[i]| ≤ 0.152 · absmax[b]
 * }</pre>
 * Codebook, thresholds and the reciprocal are those of bitsandbytes, bit for bit (see NF4 in its functional.py and
 * kernels.cu); computed quantiles differ in the last bits. An all-zero block decodes to zeros whatever its indices are;
 * bitsandbytes writes 7 there on the CPU, as this does, and 0 on a GPU.
 */
public final class Nf4 {
    /** Values per scale, as QLoRA has it. */
    public static final int DEFAULT_BLOCK_SIZE = 64;

    private static final float[] CODEBOOK = {
        -1.0f,
        -0.6961928f,
        -0.52507305f,
        -0.3949175f,
        -0.28444138f,
        -0.18477343f,
        -0.091050036f,
        0.0f,
        0.0795803f,
        0.1609302f,
        0.2461123f,
        0.33791524f,
        0.44070983f,
        0.562617f,
        0.72295684f,
        1.0f,
    };
    /** Float32 midpoints between neighbours; a value above the i-th has an index above i. */
    private static final float[] THRESHOLDS = {
        -0.8480964f,
        -0.6106329f,
        -0.45999527f,
        -0.33967942f,
        -0.2346074f,
        -0.13791174f,
        -0.045525018f,
        0.03979015f,
        0.12025525f,
        0.20352125f,
        0.29201376f,
        0.38931254f,
        0.50166345f,
        0.6427869f,
        0.86147845f,
    };
    /** Keeps the reciprocal finite; blocks below it are zeros for any purpose. */
    private static final float SMALLEST_ABSMAX = 1e-38f;

    private Nf4() {}

    /** The level of an index from 0 to 15. */
    public static float value(int index) {
        return CODEBOOK[index];
    }

    /** The 16 levels, ascending; a copy. */
    public static float[] codebook() {
        return CODEBOOK.clone();
    }

    /** The 15 thresholds, ascending; a copy. */
    public static float[] thresholds() {
        return THRESHOLDS.clone();
    }

    /**
     * Rounds every value to the nearest level of its block; refuses values that are not finite.
     *
     * @param blockSize a power of two from 32 to 4096
     * @param doubleQuantization whether the scales are quantized to 8 bits as well
     */
    public static Nf4Tensor quantize(float[] values, int blockSize, boolean doubleQuantization) {
        if (blockSize < 32 || blockSize > 4096 || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException(
                    "NF4 block size is %d, expected a power of two from 32 to 4096".formatted(blockSize));
        }
        byte[] packed = new byte[Math.ceilDiv(values.length, 2)];
        float[] absMax = new float[Math.ceilDiv(values.length, blockSize)];
        for (int block = 0; block < absMax.length; block++) {
            int begin = block * blockSize;
            int end = Math.min(begin + blockSize, values.length);
            absMax[block] = absMax(values, begin, end);
            float reciprocal = 1 / Math.max(absMax[block], SMALLEST_ABSMAX);
            for (int i = begin; i < end; i++) {
                int index = index(values[i] * reciprocal);
                packed[i >> 1] |= (byte) ((i & 1) == 0 ? index << 4 : index);
            }
        }
        return new Nf4Tensor(
                packed,
                values.length,
                blockSize,
                doubleQuantization ? DoubleQuantization.quantize(absMax) : new Nf4Tensor.AbsMax.Plain(absMax));
    }

    /** Overwrites the first {@code tensor.elements()} of {@code out}. */
    public static void dequantize(float[] out, Nf4Tensor tensor) {
        float[] absMax = tensor.absMax().values();
        byte[] packed = tensor.packed();
        int blockShift = Integer.numberOfTrailingZeros(tensor.blockSize());
        for (int i = 0; i < tensor.elements(); i++) {
            int pair = packed[i >> 1];
            int index = (i & 1) == 0 ? (pair >> 4) & 0xF : pair & 0xF;
            out[i] = CODEBOOK[index] * absMax[i >> blockShift];
        }
    }

    private static float absMax(float[] values, int begin, int end) {
        float largest = 0;
        for (int i = begin; i < end; i++) {
            if (!Float.isFinite(values[i])) {
                throw new LivegraftException(
                        ErrorCode.INVALID_MODEL,
                        "weight %d is %s, expected a finite value to quantize".formatted(i, values[i]));
            }
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    /** Number of thresholds strictly below, by bisection. */
    private static int index(float normalized) {
        int index = normalized > THRESHOLDS[7] ? 8 : 0;
        index += normalized > THRESHOLDS[index + 3] ? 4 : 0;
        index += normalized > THRESHOLDS[index + 1] ? 2 : 0;
        return index + (normalized > THRESHOLDS[index] ? 1 : 0);
    }
}
