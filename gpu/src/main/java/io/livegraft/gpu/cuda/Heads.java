package io.livegraft.gpu.cuda;

/**
 * How attention is cut.
 *
 * @param count H, query heads
 * @param kvHeads G, key and value heads
 * @param dim D
 */
record Heads(int count, int kvHeads, int dim) {
    /** Widest head that a kernel takes. */
    private static final int WIDEST = 256;

    /** Of queries that are {@code columns} wide. */
    static Heads of(int columns, int kvHeads, int dim) {
        if (kvHeads < 1 || dim > WIDEST || columns % dim != 0 || columns / dim % kvHeads != 0) {
            throw new IllegalArgumentException("queries of %d columns, heads of %d (at most %d), %d key-value heads"
                    .formatted(columns, dim, WIDEST, kvHeads));
        }
        return new Heads(columns / dim, kvHeads, dim);
    }

    /** Query heads that share a key-value head. */
    int group() {
        return count / kvHeads;
    }

    /** {@code 1/√D}. */
    float scale() {
        return (float) (1 / Math.sqrt(dim));
    }

    /** The scale for powers of two: {@code 1/(√D · ln 2)}. */
    float binaryScale() {
        return (float) (1 / (Math.sqrt(dim) * Math.log(2)));
    }
}
