package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** On tiles. */
final class TileRows implements AttentionRows {
    private static final StripForm FORM = StripForm.BFLOAT16;
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;
    private static final Constants CONSTANTS = Constants.withoutLevels();

    private final KernelTable<TileKernel> setting;
    private final KernelTable<TileKernel> adding;
    private final ExponentialKernel exponential;
    private final RoundKernel round;
    private final TileScratch scratch = TileScratch.allocate();
    private final NativeBuffer rounded = new NativeBuffer();
    private float[] scores = new float[0];

    TileRows(StripKernels kernels, StripKernels.Tiles tiles, RoundKernel round) {
        this.setting = tiles.decode().get(FORM);
        this.adding = tiles.addingDecode().get(FORM);
        this.round = round;
        this.exponential = kernels.wide().orElseThrow().elements().exponential();
    }

    @Override
    public void run(CpuTensor out, CpuTensor q, Rows rows, KvCache cache, int layer, int head, int window) {
        StripKvPages pages = (StripKvPages) cache.memory();
        int from = CausalAttention.firstKey(rows.position(), window);
        int keys = TilePanels.padded(rows.last(rows.count() - 1) + 1 - from);
        scores(q, rows, cache, layer, head, from, keys);
        MemorySegment p = probabilities(rows, from, keys, window);
        MemorySegment y = MemorySegment.ofArray(out.data()).asSlice(4L * (out.offset() + rows.offset()));
        int strips = pages.headDim() / STRIP;
        for (int key = 0; key < keys; ) {
            int some = pages.together(cache, from + key, keys - key);
            MemorySegment values = pages.valueStrips(cache, layer, head, from + key);
            MemorySegment x = p.asSlice((long) Short.BYTES * key * rows.count());
            long gap = pages.valueStripBytes() - (long) some * STRIP * Short.BYTES;
            product(values, x, some, y, rows.stride(), rows.count(), strips, gap, key > 0);
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
            product(strips, x, depth, y.asSlice(4L * key), keys, rows.count(), some / STRIP, 0, false);
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
        return x;
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
        MemorySegment in = MemorySegment.ofArray(values).asSlice((long) Float.BYTES * from);
        long step = (long) TILE * Short.BYTES;
        round.run(in, 0, out.asSlice(m * step), 0, rows * step, 1, count, scale);
    }

    /** {@code y = or += x · stripsᵀ}, x (count, depth) an operand, rows of y {@code stride} float32 apart. */
    private void product(
            MemorySegment weights,
            MemorySegment x,
            int depth,
            MemorySegment y,
            int stride,
            int count,
            int strips,
            long gap,
            boolean add) {
        TileKernel kernel = (add ? adding : setting).get(count);
        kernel.run(weights, x, y, 4L * stride, depth / TILE, strips, CONSTANTS, scratch, gap);
    }
}
