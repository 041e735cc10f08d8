package io.livegraft.gpu.cpu;

/** In float32. Per layer and key-value head: keys transposed (D, capacity), values (capacity, D). */
final class FloatKvCache implements CpuKvCache {
    private final int kvHeads;
    private final int headDim;
    private final int capacity;
    private final float[][] keys;
    private final float[][] values;

    FloatKvCache(int layers, int kvHeads, int headDim, int capacity) {
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.capacity = capacity;
        this.keys = new float[layers][kvHeads * headDim * capacity];
        this.values = new float[layers][kvHeads * headDim * capacity];
    }

    @Override
    public int kvHeads() {
        return kvHeads;
    }

    @Override
    public int headDim() {
        return headDim;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public long bytes() {
        return 8L * keys.length * kvHeads * headDim * capacity;
    }

    void append(int layer, CpuTensor k, CpuTensor v, int position) {
        requireRoom(k, v, position);
        for (int n = 0; n < k.rows(); n++) {
            appendKey(keys[layer], k.data(), k.row(n), position + n);
            for (int head = 0; head < kvHeads; head++) {
                int to = (head * capacity + position + n) * headDim;
                System.arraycopy(v.data(), v.row(n) + head * headDim, values[layer], to, headDim);
            }
        }
    }

    /** A column of every head's keys. */
    private void appendKey(float[] transposed, float[] key, int from, int position) {
        for (int d = 0; d < kvHeads * headDim; d++) {
            transposed[d * capacity + position] = key[from + d];
        }
    }

    /** Transposed keys (D, count) of one head. */
    Matrix keysTransposed(int layer, int head, int from, int count) {
        return new Matrix(keys[layer], head * headDim * capacity + from, capacity, 1, headDim, count);
    }

    /** Values (count, D) of one head. */
    Matrix values(int layer, int head, int from, int count) {
        return new Matrix(values[layer], (head * capacity + from) * headDim, headDim, 1, count, headDim);
    }
}
