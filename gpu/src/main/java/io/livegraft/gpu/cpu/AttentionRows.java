package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.machinecode.TileKernel;

/**
 * Attention of a few rows over one key-value head's strips, page by page: a sum over positions goes on where the last page left it, so
 * that pages don't show in its bits. See {@link StripAttention} for the formula. Every thread has its own.
 */
sealed interface AttentionRows permits TileRows, RegisterRows {
    /**
     * Rows of q, and of out alike.
     *
     * @param offset of the first from the tensor's own
     * @param stride from one row to the next
     * @param position of the first row's last key
     * @param step from a row's last key to the next row's: 0 for heads of one query, 1 for queries of one head
     */
    record Rows(int offset, int stride, int count, int position, int step) {
        int last(int m) {
            return position + m * step;
        }
    }

    static AttentionRows of(StripKernels kernels) {
        return kernels.tiles()
                .<AttentionRows>map(tiles -> new TileRows(
                        kernels, tiles, kernels.products().orElseThrow().round()))
                .orElseGet(() -> new RegisterRows(kernels));
    }

    /** Rows that one call takes at most. */
    static int most(StripKernels kernels) {
        return kernels.tiles().isPresent()
                ? TileKernel.MOST_ROWS
                : kernels.wide().orElseThrow().pages().mostRows();
    }

    void run(CpuTensor out, CpuTensor q, Rows rows, KvCache cache, int layer, int head, int window);
}
