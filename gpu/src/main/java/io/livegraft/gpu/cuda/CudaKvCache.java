package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.KvCache;

/**
 * Keys and values of one sequence on the device. All keys, then all values, each of shape (layers, G, capacity, columns) with zeros
 * behind the D columns of a head that kernels read.
 *
 * @param form that they are kept in
 */
record CudaKvCache(CudaKvForm form, int layers, int kvHeads, int headDim, int capacity, DeviceMemory.Block block)
        implements KvCache {
    static CudaKvCache of(KvCache cache) {
        return (CudaKvCache) cache;
    }

    static CudaKvCache allocate(
            DeviceMemory memory, CudaKvForm form, int layers, int kvHeads, int headDim, int capacity) {
        long bytes = 2L * layers * kvHeads * capacity * form.columns(headDim) * form.elementBytes();
        return new CudaKvCache(
                form, layers, kvHeads, headDim, capacity, memory.allocate(bytes, DeviceMemory.Use.CACHES));
    }

    @Override
    public long bytes() {
        return 2 * half();
    }

    /** Bytes of all keys. */
    private long half() {
        return layers * layerElements() * form.elementBytes();
    }

    private long layerElements() {
        return (long) kvHeads * capacity * form.columns(headDim);
    }

    /** This sequence at {@code position}, with {@code rows} queries from row {@code row} on. */
    void describe(SequenceTable table, int row, int rows, int position) {
        int columns = form.columns(headDim);
        long headElements = (long) capacity * columns;
        table.add(
                row, rows, position, block.address(), block.address() + half(), columns, headElements, layerElements());
    }

    /** Refuses rows that don't fit behind {@code position}. */
    void requireRoom(int rows, int columns, int position) {
        if (columns != kvHeads * headDim) {
            throw new IllegalArgumentException(
                    "keys of %d columns for %d heads of %d".formatted(columns, kvHeads, headDim));
        }
        if (position < 0 || position + rows > capacity) {
            throw new IllegalArgumentException(
                    "positions %d to %d in a cache of %d".formatted(position, position + rows, capacity));
        }
    }
}
