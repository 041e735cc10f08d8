package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * In bfloat16, as the strips that kernels multiply with ({@link StripForm#BFLOAT16}), per group of pages, layer and key-value head
 * first the keys of all its pages, then their values:
 *
 * <pre>{@code
 *   keys    a weight (T, D):  a strip has 16 keys, its inputs are dimensions         scores = q · keysᵀ
 *   values  a weight (D, T):  a strip has 16 dimensions, its inputs are positions    out = p · valuesᵀ
 * }</pre>
 *
 * Both sides are padded to multiples of 32. A tile of 32 positions has zeros for values that aren't there: its first one clears it,
 * whatever the page was used for before, since a number that is none would spoil a sum even where its weight is zero.
 */
final class StripKvPages implements CpuKvPages {
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;
    /** Two inputs of 16 outputs. */
    private static final int ROW = 4 * STRIP;
    /** Pages whose memory lies interleaved: longer streams to read, but memory that is used as soon as the first of them is. */
    private static final int GROUP = 8;

    private final PageShape shape;
    private final int layers;
    private final int kvHeads;
    private final int headDim;
    /** Padded. */
    private final int depth;
    /** Of a page, padded. */
    private final int positions;

    /** Pages of a group. */
    private final int together;

    private final MemorySegment memory;

    /** Of several pages the system gives the memory as they are written for the first time. */
    StripKvPages(HugeMemory memory, int layers, int kvHeads, int headDim, int count, int pageTokens) {
        this.shape = new PageShape(layers, kvHeads, headDim, count, pageTokens);
        this.layers = layers;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.depth = TilePanels.padded(headDim);
        this.positions = TilePanels.padded(pageTokens);
        this.together = Math.min(count, GROUP);
        long bytes = Math.ceilDiv(count, together) * groupBytes();
        this.memory = count == 1 ? Arena.ofAuto().allocate(bytes, ROW) : memory.allocate(bytes);
    }

    /** Whether heads fill strips. */
    static boolean fits(int headDim) {
        return headDim % STRIP == 0;
    }

    @Override
    public PageShape shape() {
        return shape;
    }

    @Override
    public long pageBytes() {
        return 2L * layers * kvHeads * headBytes();
    }

    /** One head of k and v (count, G·D), which go to one page from {@code position} on. */
    void append(KvCache cache, int layer, int head, CpuTensor k, CpuTensor v, int position) {
        long keys = keys(cache, layer, head, position);
        long values = values(cache, layer, head, position);
        for (int n = 0; n < k.rows(); n++) {
            int offset = cache.offset(position) + n;
            if (offset % TILE == 0) {
                clear(values + value(offset));
            }
            appendKey(keys + key(offset), k.data(), k.row(n) + head * headDim);
            appendValue(values + value(offset), v.data(), v.row(n) + head * headDim);
        }
    }

    /** A tile of every strip. */
    private void clear(long at) {
        for (int strip = 0; strip < headDim / STRIP; strip++) {
            memory.asSlice(at + strip * valueStripBytes(), StripForm.TILE_BYTES).fill((byte) 0);
        }
    }

    /** A lane of a strip: pairs of dimensions, a row each. */
    private void appendKey(long at, float[] key, int from) {
        for (int d = 0; d < headDim; d += 2) {
            int pair = (Bf16.fromFloat(key[from + d]) & 0xFFFF) | (Bf16.fromFloat(key[from + d + 1]) << 16);
            memory.set(ValueLayout.JAVA_INT, at + d / 2L * ROW, pair);
        }
    }

    /** A row of a tile of every strip, either halves of its lanes. */
    private void appendValue(long at, float[] value, int from) {
        for (int strip = 0; strip < headDim / STRIP; strip++) {
            long row = at + strip * valueStripBytes();
            for (int lane = 0; lane < STRIP; lane++) {
                memory.set(ValueLayout.JAVA_SHORT, row + 4L * lane, Bf16.fromFloat(value[from + strip * STRIP + lane]));
            }
        }
    }

    /** Strips of the keys at {@code position} and on, a multiple of 16, to the end of its page. */
    MemorySegment keyStrips(KvCache cache, int layer, int head, int position) {
        return memory.asSlice(keys(cache, layer, head, position) + key(cache.offset(position)));
    }

    /** The first strip of values from {@code position} on, a multiple of 32. */
    MemorySegment valueStrips(KvCache cache, int layer, int head, int position) {
        return memory.asSlice(values(cache, layer, head, position) + value(cache.offset(position)));
    }

    /** How many of {@code most} positions from {@code position} on, both multiples of 32, its page has or has zeros for. */
    int together(KvCache cache, int position, int most) {
        return count() == 1 ? most : cache.together(position, most);
    }

    /** Tiles of a strip of keys. */
    int keyTiles() {
        return depth / TILE;
    }

    /** From a strip of values to the next. */
    long valueStripBytes() {
        return (long) positions * STRIP * Short.BYTES;
    }

    private long headBytes() {
        return (long) positions * depth * Short.BYTES;
    }

    /** Keys of a head in the page of {@code position}. */
    private long keys(KvCache cache, int layer, int head, int position) {
        return run(cache, 2L * (layer * kvHeads + head), position);
    }

    private long values(KvCache cache, int layer, int head, int position) {
        return run(cache, 2L * (layer * kvHeads + head) + 1, position);
    }

    /** Pages of a group have what they have of a head side by side. */
    private long run(KvCache cache, long number, int position) {
        int page = cache.page(position);
        return page / together * groupBytes() + (number * together + page % together) * headBytes();
    }

    private long groupBytes() {
        return together * pageBytes();
    }

    private long key(int offset) {
        return (long) (offset / STRIP) * keyTiles() * StripForm.TILE_BYTES + 4L * (offset % STRIP);
    }

    private static long value(int offset) {
        return (long) (offset / TILE) * StripForm.TILE_BYTES + (long) (offset % TILE / 2) * ROW + 2L * (offset % 2);
    }
}
