package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * Attention of a few rows over one key-value head's strips, page by page: a sum over positions goes on where the last page left it, so
 * that pages don't show in its bits. See {@link StripAttention} for the formula. Every thread has its own.
 */
final class AttentionRows {
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;

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

    private final RowUnit unit;
    private final ExponentialKernel exponential;
    private final Optional<RoundKernel> round;
    private final NativeBuffer rounded = new NativeBuffer();
    private float[] scores = new float[0];

    AttentionRows(StripKernels kernels) {
        this.round = kernels.products().map(ProductKernels::round);
        this.exponential = kernels.elements().exponential();
        this.unit = RowUnit.of(kernels);
    }

    void run(CpuTensor out, CpuTensor q, Rows rows, KvCache cache, int layer, int head, int window) {
        StripKvPages pages = (StripKvPages) cache.memory();
        int from = CausalAttention.firstKey(rows.position(), window);
        int keys = TilePanels.padded(rows.last(rows.count() - 1) + 1 - from);
        scores(q, rows, cache, layer, head, from, keys);
        MemorySegment p = unit.operand(probabilities(rows, from, keys, window), keys, rows.count());
        MemorySegment y = MemorySegment.ofArray(out.data()).asSlice(4L * (out.offset() + rows.offset()));
        int strips = pages.headDim() / STRIP;
        for (int key = 0; key < keys; ) {
            int some = pages.together(cache, from + key, keys - key);
            MemorySegment values = pages.valueStrips(cache, layer, head, from + key);
            MemorySegment x = p.asSlice((long) key * rows.count() * unit.operandBytes());
            long gap = pages.valueStripBytes() - (long) some * STRIP * Short.BYTES;
            unit.product(values, x, some, y, 4L * rows.stride(), rows.count(), strips, gap, key > 0);
            key += some;
        }
    }

    /** {@code scores (count, keys)}, page by page. */
    private void scores(CpuTensor q, Rows rows, KvCache cache, int layer, int head, int from, int keys) {
        StripKvPages pages = (StripKvPages) cache.memory();
        MemorySegment x = queries(q, rows, pages);
        if (scores.length < rows.count() * keys) {
            scores = new float[rows.count() * keys];
        }
        MemorySegment y = MemorySegment.ofArray(scores);
        int depth = pages.keyTiles() * TILE;
        for (int key = 0; key < keys; ) {
            int some = pages.together(cache, from + key, keys - key);
            MemorySegment strips = pages.keyStrips(cache, layer, head, from + key);
            unit.product(strips, x, depth, y.asSlice(4L * key), 4L * keys, rows.count(), some / STRIP, 0, false);
            key += some;
        }
    }

    /** As an operand, with the scores' scale. */
    private MemorySegment queries(CpuTensor q, Rows rows, StripKvPages pages) {
        int depth = pages.keyTiles() * TILE;
        int headDim = pages.headDim();
        MemorySegment x = rounded.atLeast(2L * rows.count() * depth);
        float scale = CausalAttention.scale(headDim);
        if (headDim < depth) {
            x.fill((byte) 0);
        }
        for (int m = 0; m < rows.count(); m++) {
            int from = q.offset() + rows.offset() + m * rows.stride();
            round(x, m, rows.count(), q.data(), from, headDim, scale);
        }
        return unit.operand(x, depth, rows.count());
    }

    /** Softmax over each row's keys, rounded; zeros around them. */
    private MemorySegment probabilities(Rows rows, int from, int keys, int window) {
        MemorySegment p = rounded.atLeast(2L * rows.count() * keys);
        for (int m = 0; m < rows.count(); m++) {
            int begin = Math.max(0, rows.last(m) + 1 - window) - from;
            int count = rows.last(m) + 1 - from - begin;
            int row = m * keys;
            float factor = Softmax.exponentials(exponential, scores, row + begin, count);
            Arrays.fill(scores, row, row + begin, 0f);
            Arrays.fill(scores, row + begin + count, row + keys, 0f);
            round(p, m, rows.count(), scores, row, keys, factor);
        }
        return p;
    }

    /** Row {@code m} of {@code rows} in tiles, to the end of a tile with zeros. */
    private void round(MemorySegment out, int m, int rows, float[] values, int from, int count, float scale) {
        if (round.isPresent()) {
            MemorySegment in = MemorySegment.ofArray(values).asSlice((long) Float.BYTES * from);
            long step = (long) TILE * Short.BYTES;
            round.get().run(in, 0, out.asSlice(m * step), 0, rows * step, 1, count, scale);
        } else {
            Rounding.tiles(out, m, rows, TILE, values, from, count, scale);
        }
    }
}
