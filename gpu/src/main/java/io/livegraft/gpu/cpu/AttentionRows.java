package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Attention of a few rows over one key-value head's strips; see {@link StripAttention} for the formula. Every thread has its own.
 */
final class AttentionRows {
    private static final StripForm FORM = StripForm.BFLOAT16;
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;
    private static final Constants CONSTANTS = Constants.withoutLevels();

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

    private final KernelTable<RowKernel> registers;
    private final Optional<KernelTable<TileKernel>> tiles;
    private final ExponentialKernel exponential;
    private final Optional<RoundKernel> round;
    private final TileScratch scratch = TileScratch.allocate();
    private final NativeBuffer rounded = new NativeBuffer();
    private float[] scores = new float[0];
    private float[] turned = new float[0];

    AttentionRows(StripKernels kernels) {
        this.round = kernels.tiles().map(StripKernels.Tiles::round);
        this.exponential = kernels.elements().exponential();
        this.registers = kernels.rows().get(FORM);
        this.tiles = kernels.tiles().map(onTiles -> onTiles.decode().get(FORM));
    }

    /** Rows that one call takes at most. */
    static int most(StripKernels kernels) {
        return kernels.tiles().isPresent() ? TileKernel.MOST_ROWS : RowKernel.MOST_ROWS;
    }

    void run(CpuTensor out, CpuTensor q, Rows rows, StripKvCache cache, int layer, int head, int window) {
        int from = CausalAttention.firstKey(rows.position(), window);
        int keys = TilePanels.padded(rows.last(rows.count() - 1) + 1 - from);
        scores(q, rows, cache, cache.keys(layer, head, from), keys);
        MemorySegment p = probabilities(rows, from, keys, window);
        MemorySegment y = MemorySegment.ofArray(out.data()).asSlice(4L * (out.offset() + rows.offset()));
        long gap = cache.valueStripBytes() - (long) keys * STRIP * Short.BYTES;
        int strips = cache.headDim() / STRIP;
        product(cache.values(layer, head, from), p, keys, y, rows.stride(), rows.count(), strips, gap);
    }

    /** {@code scores (count, keys)}. */
    private void scores(CpuTensor q, Rows rows, StripKvCache cache, MemorySegment strips, int keys) {
        int depth = cache.keyTiles() * StripForm.TILE_INPUTS;
        int headDim = cache.headDim();
        MemorySegment x = rounded.atLeast(2L * rows.count() * depth);
        float scale = CausalAttention.scale(headDim);
        if (headDim < depth) {
            x.fill((byte) 0);
        }
        for (int m = 0; m < rows.count(); m++) {
            int from = q.offset() + rows.offset() + m * rows.stride();
            round(x, m, rows.count(), q.data(), from, headDim, scale);
        }
        if (scores.length < rows.count() * keys) {
            scores = new float[rows.count() * keys];
        }
        product(strips, x, depth, MemorySegment.ofArray(scores), keys, rows.count(), keys / STRIP, 0);
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

    /** {@code y = x · stripsᵀ}, x (count, depth) bfloat16 in tiles, rows of y {@code stride} float32 apart. */
    private void product(
            MemorySegment weights,
            MemorySegment x,
            int depth,
            MemorySegment y,
            int stride,
            int count,
            int strips,
            long gap) {
        int blocks = depth / StripForm.TILE_INPUTS;
        if (tiles.isPresent()) {
            TileKernel kernel = tiles.get().get(count);
            kernel.run(weights, x, y, 4L * stride, blocks, strips, CONSTANTS, scratch, gap);
        } else {
            RowKernel kernel = registers.get(count);
            kernel.run(weights, turned(x, depth, count), y, 4L * stride, blocks, strips, CONSTANTS, gap);
        }
    }

    /** As float32, a column's rows side by side. */
    private MemorySegment turned(MemorySegment x, int depth, int count) {
        if (turned.length < depth * count) {
            turned = new float[depth * count];
        }
        for (int m = 0; m < count; m++) {
            for (int k = 0; k < depth; k++) {
                int bits = x.getAtIndex(ValueLayout.JAVA_SHORT, ((k / TILE) * count + m) * TILE + k % TILE) << 16;
                turned[k * count + m] = Float.intBitsToFloat(bits);
            }
        }
        return MemorySegment.ofArray(turned);
    }
}
