package io.livegraft.gpu.quantization;

/** The largest magnitude of each block, in the order of the blocks. Arrays are not to be changed. */
public sealed interface Scales {
    /** Number of blocks. */
    int count();

    float of(int block);

    /** {@code out[i] = of(block + i)} for {@code count} blocks. */
    void copy(float[] out, int block, int count);

    /** Memory they take, a shared map aside. */
    long bytes();

    /** Float32 as it is: 0.5 bits per value with blocks of 64. */
    record Plain(float[] values) implements Scales {
        @Override
        public int count() {
            return values.length;
        }

        @Override
        public float of(int block) {
            return values[block];
        }

        @Override
        public void copy(float[] out, int block, int count) {
            System.arraycopy(values, block, out, 0, count);
        }

        @Override
        public long bytes() {
            return 4L * values.length;
        }
    }

    /**
     * Double quantization: {@code map[codes[b]] · nested[b / nestedBlock] + offset}; 0.127 bits per value with blocks of 64.
     *
     * @param nestedBlock scales per second-level scale, a power of two
     * @param map 256 entries: {@link DoubleQuantization#map()}, or what a checkpoint has instead
     */
    record Nested(byte[] codes, float[] nested, int nestedBlock, float offset, float[] map) implements Scales {
        public Nested {
            if (Integer.bitCount(nestedBlock) != 1
                    || nested.length != Math.ceilDiv(codes.length, nestedBlock)
                    || map.length != 256) {
                throw new IllegalArgumentException(
                        "%d codes in blocks of %d need %d scales and a map of 256 entries, not %d and %d"
                                .formatted(
                                        codes.length,
                                        nestedBlock,
                                        Math.ceilDiv(codes.length, nestedBlock),
                                        nested.length,
                                        map.length));
            }
        }

        @Override
        public int count() {
            return codes.length;
        }

        @Override
        public float of(int block) {
            float scale = nested[block >> Integer.numberOfTrailingZeros(nestedBlock)];
            return map[codes[block] & 0xFF] * scale + offset;
        }

        @Override
        public void copy(float[] out, int block, int count) {
            int shift = Integer.numberOfTrailingZeros(nestedBlock);
            for (int i = 0; i < count; i++) {
                out[i] = map[codes[block + i] & 0xFF] * nested[(block + i) >> shift] + offset;
            }
        }

        @Override
        public long bytes() {
            return codes.length + 4L * nested.length + Float.BYTES;
        }
    }
}
