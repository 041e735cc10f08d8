package io.livegraft.gpu.quantization;

/**
 * Values as indices into {@link Nf4}'s codebook and one scale per block.
 *
 * @param packed two indices per byte, the first in the high nibble; an odd count leaves the last low nibble 0
 * @param elements number of values
 * @param blockSize values per scale; the last block may be short
 */
public record Nf4Tensor(byte[] packed, int elements, int blockSize, AbsMax absMax) {
    /** The largest magnitude of each block. */
    public sealed interface AbsMax {
        /** One per block, as {@link Nf4#dequantize} uses them; not to be changed. */
        float[] values();

        /** Float32 as it is: 0.5 bits per value with blocks of 64. */
        record Plain(float[] values) implements AbsMax {}

        /**
         * Double quantization: {@code map[codes[b]] · nestedAbsMax[b / 256] + offset}; 0.127 bits per value with blocks of
         * 64.
         */
        record Nested(byte[] codes, float[] nestedAbsMax, float offset) implements AbsMax {
            @Override
            public float[] values() {
                return DoubleQuantization.dequantize(this);
            }
        }
    }

    public Nf4Tensor {
        int blocks = Math.ceilDiv(elements, blockSize);
        int scales =
                switch (absMax) {
                    case AbsMax.Plain plain -> plain.values().length;
                    case AbsMax.Nested nested -> nested.codes().length;
                };
        if (packed.length != Math.ceilDiv(elements, 2) || scales != blocks) {
            throw new IllegalArgumentException("%d values in blocks of %d need %d bytes and %d scales, not %d and %d"
                    .formatted(elements, blockSize, Math.ceilDiv(elements, 2), blocks, packed.length, scales));
        }
    }
}
