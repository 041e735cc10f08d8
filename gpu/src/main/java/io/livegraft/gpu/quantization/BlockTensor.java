package io.livegraft.gpu.quantization;

import io.livegraft.gpu.tensor.HostTensor;
import java.util.stream.IntStream;

/**
 * A weight as 4-bit indices into a codebook and one scale per block of consecutive values, over the flat row-major weight.
 * <pre>{@code
 *   absmax[b] = max |w[i]|, i in block b        q[i] = index( w[i] · (1/absmax[b]) )
 *   ŵ[i] = levels[q[i]] · absmax[b]
 * }</pre>
 * The reciprocal is bitsandbytes' (quantize_4bit in its ops.py, kQuantizeBlockwise in its kernels.cu). An all-zero block
 * decodes to zeros whatever its indices are; bitsandbytes' NF4 writes 7 there on the CPU, as this does, and 0 on a GPU.
 *
 * @param levels what the 16 indices stand for: the codebook's own, or what a checkpoint has instead
 * @param blockSize values per scale, a power of two; the last block may be short, and blocks may cross rows
 * @param packed two indices per byte, the first in the high nibble; an odd count leaves the last low nibble 0 when made here
 */
public record BlockTensor(
        Codebook codebook, float[] levels, int rows, int columns, int blockSize, byte[] packed, Scales scales)
        implements QuantizedTensor {
    /** Values per scale, as QLoRA has it. */
    public static final int DEFAULT_BLOCK_SIZE = 64;

    private static final int SMALLEST_BLOCK = 32;
    private static final int LARGEST_BLOCK = 4096;
    /** Keeps the reciprocal finite; blocks below it are zeros for any purpose. */
    private static final float SMALLEST_ABSMAX = 1e-38f;

    public BlockTensor {
        if (!isBlockSize(blockSize)) {
            throw new IllegalArgumentException("block size is %d, expected %s".formatted(blockSize, blockSizes()));
        }
        int elements = Math.multiplyExact(rows, columns);
        int blocks = Math.ceilDiv(elements, blockSize);
        if (levels.length != 16 || packed.length != Math.ceilDiv(elements, 2) || scales.count() != blocks) {
            throw new IllegalArgumentException(
                    "%d values in blocks of %d need 16 levels, %d bytes and %d scales, not %d, %d and %d"
                            .formatted(
                                    elements,
                                    blockSize,
                                    Math.ceilDiv(elements, 2),
                                    blocks,
                                    levels.length,
                                    packed.length,
                                    scales.count()));
        }
    }

    public static boolean isBlockSize(int size) {
        return size >= SMALLEST_BLOCK && size <= LARGEST_BLOCK && Integer.bitCount(size) == 1;
    }

    /** {@link #isBlockSize} in words. */
    public static String blockSizes() {
        return "a power of two from %d to %d".formatted(SMALLEST_BLOCK, LARGEST_BLOCK);
    }

    /**
     * Rounds every value of a matrix to the codebook; refuses values that are not finite. Blocks, whole bytes each, are shared
     * out to the machine's cores.
     *
     * @param doubleQuantization whether the scales are quantized to 8 bits as well
     */
    public static BlockTensor quantize(
            HostTensor weight, Codebook codebook, int blockSize, boolean doubleQuantization) {
        float[] values = weight.values();
        byte[] packed = new byte[Math.ceilDiv(values.length, 2)];
        float[] absMax = new float[Math.ceilDiv(values.length, blockSize)];
        IntStream.range(0, absMax.length).parallel().forEach(block -> {
            int begin = block * blockSize;
            int end = Math.min(begin + blockSize, values.length);
            absMax[block] = AbsMax.of(values, begin, end);
            float reciprocal = 1 / Math.max(absMax[block], SMALLEST_ABSMAX);
            for (int i = begin; i < end; i++) {
                int index = codebook.index(values[i] * reciprocal);
                packed[i >> 1] |= (byte) ((i & 1) == 0 ? index << 4 : index);
            }
        });
        Scales scales = doubleQuantization ? DoubleQuantization.quantize(absMax) : new Scales.Plain(absMax);
        return new BlockTensor(codebook, codebook.levels(), weight.rows(), weight.columns(), blockSize, packed, scales);
    }

    @Override
    public HostTensor dequantize() {
        float[] out = new float[rows * columns];
        for (int i = 0; i < out.length; i++) {
            int pair = packed[i >> 1];
            int index = (i & 1) == 0 ? (pair >> 4) & 0xF : pair & 0xF;
            out[i] = levels[index] * scales.of(i / blockSize);
        }
        return HostTensor.matrix(rows, columns, out);
    }

    @Override
    public QuantizationFormat format() {
        return new QuantizationFormat.Blocks(codebook, blockSize, scales instanceof Scales.Nested);
    }

    @Override
    public long bytes() {
        return packed.length + scales.bytes();
    }
}
