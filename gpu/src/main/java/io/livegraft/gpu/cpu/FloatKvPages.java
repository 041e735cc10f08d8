package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import java.util.stream.IntStream;

/**
 * In float32. Of each page, layer and key-value head: keys transposed (D, pageTokens), values (pageTokens, D). A page takes memory when
 * it is written for the first time.
 */
final class FloatKvPages implements CpuKvPages {
    private final PageShape shape;
    private final int layers;
    private final int kvHeads;
    private final int headDim;
    private final int pageTokens;
    /** By page, then by layer. */
    private final float[][][] keys;

    private final float[][][] values;

    FloatKvPages(int layers, int kvHeads, int headDim, int count, int pageTokens) {
        this.shape = new PageShape(layers, kvHeads, headDim, count, pageTokens);
        this.layers = layers;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.pageTokens = pageTokens;
        this.keys = new float[count][0][];
        this.values = new float[count][0][];
    }

    @Override
    public PageShape shape() {
        return shape;
    }

    @Override
    public long pageBytes() {
        return 8L * layers * kvHeads * headDim * pageTokens;
    }

    void append(KvCache cache, int layer, CpuTensor k, CpuTensor v, int position) {
        requireRoom(cache, k, v, position);
        for (int n = 0; n < k.rows(); n++) {
            int page = cache.page(position + n);
            int offset = cache.offset(position + n);
            allocate(page);
            appendKey(keys[page][layer], k.data(), k.row(n), offset);
            for (int head = 0; head < kvHeads; head++) {
                int to = (head * pageTokens + offset) * headDim;
                System.arraycopy(v.data(), v.row(n) + head * headDim, values[page][layer], to, headDim);
            }
        }
    }

    private void allocate(int page) {
        if (keys[page].length == 0) {
            keys[page] = memory();
            values[page] = memory();
        }
    }

    private float[][] memory() {
        return IntStream.range(0, layers)
                .mapToObj(_ -> new float[kvHeads * headDim * pageTokens])
                .toArray(float[][]::new);
    }

    /** A column of every head's keys. */
    private void appendKey(float[] transposed, float[] key, int from, int offset) {
        for (int d = 0; d < kvHeads * headDim; d++) {
            transposed[d * pageTokens + offset] = key[from + d];
        }
    }

    /** Transposed keys (D, count) of one head, from an offset in a page on. */
    Matrix keysTransposed(int page, int layer, int head, int offset, int positions) {
        int from = head * headDim * pageTokens + offset;
        return new Matrix(keys[page][layer], from, pageTokens, 1, headDim, positions);
    }

    /** Values (count, D) of one head, from an offset in a page on. */
    Matrix values(int page, int layer, int head, int offset, int positions) {
        int from = (head * pageTokens + offset) * headDim;
        return new Matrix(values[page][layer], from, headDim, 1, positions, headDim);
    }
}
