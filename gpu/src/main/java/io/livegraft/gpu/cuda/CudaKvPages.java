package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;

/**
 * Keys and values on the device, page by page: of each all keys, then all values, both of shape (layers, G, pageTokens, columns) with
 * zeros behind the D columns of a head that kernels read. Kernels find a position by its sequence's table of pages.
 *
 * @param form that they are kept in
 */
record CudaKvPages(
        CudaKvForm form, int layers, int kvHeads, int headDim, int count, int pageTokens, DeviceMemory.Block block)
        implements KvPages {
    static CudaKvPages of(KvCache cache) {
        return (CudaKvPages) cache.memory();
    }

    static CudaKvPages allocate(
            DeviceMemory memory, CudaKvForm form, int layers, int kvHeads, int headDim, int count, int pageTokens) {
        KvPages.requireFit(count, pageTokens);
        long elements = 2L * layers * kvHeads * pageTokens * form.columns(headDim);
        DeviceMemory.Block block = memory.allocate(count * elements * form.elementBytes(), DeviceMemory.Use.CACHES);
        return new CudaKvPages(form, layers, kvHeads, headDim, count, pageTokens, block);
    }

    @Override
    public long pageBytes() {
        return 2 * half() * form.elementBytes();
    }

    /** Elements of a page's keys. */
    private long half() {
        return layers * layerElements();
    }

    private long layerElements() {
        return kvHeads * headElements();
    }

    private long headElements() {
        return (long) pageTokens * form.columns(headDim);
    }

    /** A sequence at {@code position}, with {@code rows} queries from row {@code row} on. A single page needs no table. */
    void describe(CudaDevice device, SequenceTable table, KvCache cache, int row, int rows, int position) {
        long pages = count == 1 ? 0 : device.ints(cache.table());
        table.add(new SequenceTable.Line(
                row,
                rows,
                position,
                block.address(),
                block.address() + half() * form.elementBytes(),
                form.columns(headDim),
                headElements(),
                layerElements(),
                pages,
                2 * half(),
                Integer.numberOfTrailingZeros(pageTokens)));
    }

    /** Refuses rows that a cache of this memory has no room for. */
    void requireRoom(KvCache cache, int rows, int columns, int position) {
        if (columns != kvHeads * headDim) {
            throw new IllegalArgumentException(
                    "keys of %d columns for %d heads of %d".formatted(columns, kvHeads, headDim));
        }
        cache.requireRoom(position, rows);
    }
}
