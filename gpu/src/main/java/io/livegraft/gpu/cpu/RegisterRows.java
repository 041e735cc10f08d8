package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import io.livegraft.gpu.machinecode.PageKernel;
import io.livegraft.gpu.machinecode.PageList;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;

/** In registers: one call of machine code for all pages of keys, and one for those of values. */
final class RegisterRows implements AttentionRows {
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;
    private static final Constants CONSTANTS = Constants.withoutLevels();

    private final PageKernels kernels;
    private final ExponentialKernel exponential;
    private final PageList list = new PageList();
    private final AttentionOperand operand;
    private float[] scores = new float[0];

    RegisterRows(StripKernels kernels) {
        WideKernels wide = kernels.wide().orElseThrow();
        this.kernels = wide.pages();
        this.exponential = wide.elements().exponential();
        this.operand = kernels.products()
                .<AttentionOperand>map(products -> new AttentionOperand.Halves(products.round()))
                .orElseGet(AttentionOperand.Floats::new);
    }

    @Override
    public void run(CpuTensor out, CpuTensor q, Rows rows, KvCache cache, int layer, int head, int window) {
        int from = CausalAttention.firstKey(rows.position(), window);
        int keys = TilePanels.padded(rows.last(rows.count() - 1) + 1 - from);
        try {
            scores(q, rows, cache, layer, head, from, keys);
            MemorySegment p = probabilities(rows, from, keys, window);
            values(out, p, rows, cache, layer, head, from, keys);
        } finally {
            Reference.reachabilityFence(cache);
        }
    }

    /** {@code scores (count, keys)}. */
    private void scores(CpuTensor q, Rows rows, KvCache cache, int layer, int head, int from, int keys) {
        StripKvPages pages = (StripKvPages) cache.memory();
        MemorySegment x = queries(q, rows, pages);
        list.clear();
        for (int key = 0; key < keys; ) {
            int some = pages.together(cache, from + key, keys - key);
            long weights = pages.keyStrips(cache, layer, head, from + key).address();
            list.add(weights, pages.keyTiles(), some / STRIP, 0, 0, (long) Float.BYTES * key);
            key += some;
        }
        list.fetchNext(pages.valueStrips(cache, layer, head, from).address());
        if (scores.length < rows.count() * keys) {
            scores = new float[rows.count() * keys];
        }
        PageKernel kernel = kernels.setting().get(rows.count());
        kernel.run(list, x, MemorySegment.ofArray(scores), 4L * keys, CONSTANTS);
    }

    /** With the scores' scale. */
    private MemorySegment queries(CpuTensor q, Rows rows, StripKvPages pages) {
        int depth = pages.keyTiles() * TILE;
        MemorySegment x = operand.begin(rows.count() * depth, pages.headDim() < depth);
        float scale = CausalAttention.scale(pages.headDim());
        for (int m = 0; m < rows.count(); m++) {
            int first = q.offset() + rows.offset() + m * rows.stride();
            operand.round(m, rows.count(), q.data(), first, pages.headDim(), scale);
        }
        return x;
    }

    /** Softmax over each row's keys, rounded; zeros around them. */
    private MemorySegment probabilities(Rows rows, int from, int keys, int window) {
        MemorySegment p = operand.begin(rows.count() * keys, false);
        for (int m = 0; m < rows.count(); m++) {
            int begin = Math.max(0, rows.last(m) + 1 - window) - from;
            int count = rows.last(m) + 1 - from - begin;
            int row = m * keys;
            float factor = Softmax.exponentials(exponential, scores, row + begin, count);
            Arrays.fill(scores, row, row + begin, 0f);
            Arrays.fill(scores, row + begin + count, row + keys, 0f);
            operand.round(m, rows.count(), scores, row, keys, factor);
        }
        return p;
    }

    private void values(
            CpuTensor out, MemorySegment p, Rows rows, KvCache cache, int layer, int head, int from, int keys) {
        StripKvPages pages = (StripKvPages) cache.memory();
        list.clear();
        for (int key = 0; key < keys; ) {
            int some = pages.together(cache, from + key, keys - key);
            long gap = pages.valueStripBytes() - (long) some * STRIP * Short.BYTES;
            long x = (long) operand.elementBytes() * key * rows.count();
            long weights = pages.valueStrips(cache, layer, head, from + key).address();
            list.add(weights, some / TILE, pages.headDim() / STRIP, gap, x, 0);
            key += some;
        }
        int first = out.offset() + rows.offset();
        for (int m = 0; m < rows.count(); m++) {
            int row = first + m * rows.stride();
            Arrays.fill(out.data(), row, row + pages.headDim(), 0f);
        }
        MemorySegment y = MemorySegment.ofArray(out.data()).asSlice((long) Float.BYTES * first);
        PageKernel kernel = kernels.adding().get(rows.count());
        kernel.run(list, p, y, 4L * rows.stride(), CONSTANTS);
    }
}
