package io.livegraft.gpu.optimizer;

/**
 * Both moments m and v of one tensor, one value each per parameter, row-major; arrays are not copied and, once handed over, only
 * read.
 */
public sealed interface TensorMoments {
    /** Tensors with fewer elements are not quantized: they cost little and tend to matter (bitsandbytes' bound). */
    int SMALLEST_QUANTIZED = 4096;

    /** Memory they take. */
    long bytes();

    /** m, a new array. */
    float[] first();

    /** v, a new array. */
    float[] second();

    /** In float32. */
    record Plain(float[] m, float[] v) implements TensorMoments {
        public Plain {
            if (m.length != v.length) {
                throw new IllegalArgumentException("%d first moments but %d second ones".formatted(m.length, v.length));
            }
        }

        @Override
        public long bytes() {
            return (long) Float.BYTES * (m.length + v.length);
        }

        @Override
        public float[] first() {
            return m.clone();
        }

        @Override
        public float[] second() {
            return v.clone();
        }
    }

    /** In 8 bits: m by the signed dynamic map, v by the unsigned one. */
    record Quantized(BlockwiseCodes m, BlockwiseCodes v) implements TensorMoments {
        public Quantized {
            if (m.codes().length != v.codes().length) {
                throw new IllegalArgumentException(
                        "%d first moments but %d second ones".formatted(m.codes().length, v.codes().length));
            }
        }

        @Override
        public long bytes() {
            return m.bytes() + v.bytes();
        }

        @Override
        public float[] first() {
            return m.dequantize(DynamicMap.SIGNED);
        }

        @Override
        public float[] second() {
            return v.dequantize(DynamicMap.UNSIGNED);
        }
    }

    /** Memory that those of a tensor with so many elements take. */
    static long bytes(int size) {
        return size < SMALLEST_QUANTIZED
                ? 2L * Float.BYTES * size
                : 2 * (size + (long) Float.BYTES * Math.ceilDiv(size, BlockwiseCodes.BLOCK));
    }

    /** Quantizes unless the tensor is small; takes the arrays over. */
    static TensorMoments of(float[] m, float[] v) {
        return m.length < SMALLEST_QUANTIZED
                ? new Plain(m, v)
                : new Quantized(
                        BlockwiseCodes.quantize(m, DynamicMap.SIGNED), BlockwiseCodes.quantize(v, DynamicMap.UNSIGNED));
    }
}
