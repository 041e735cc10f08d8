package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * In bfloat16, as the strips that kernels multiply with ({@link StripForm#BFLOAT16}), per layer and key-value head:
 *
 * <pre>{@code
 *   keys    a weight (T, D):  a strip has 16 keys, its inputs are dimensions         scores = q · keysᵀ
 *   values  a weight (D, T):  a strip has 16 dimensions, its inputs are positions    out = p · valuesᵀ
 * }</pre>
 *
 * Both sides are padded to multiples of 32 with zeros, and so is what isn't filled yet.
 */
final class StripKvCache implements CpuKvCache {
    private static final int TILE = StripForm.TILE_INPUTS;
    private static final int STRIP = StripForm.OUTPUTS;
    /** Two inputs of 16 outputs. */
    private static final int ROW = 4 * STRIP;

    private final int kvHeads;
    private final int headDim;
    private final int capacity;
    /** Padded. */
    private final int depth;
    /** Padded. */
    private final int positions;

    private final MemorySegment keys;
    private final MemorySegment values;

    StripKvCache(int layers, int kvHeads, int headDim, int capacity) {
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.capacity = capacity;
        this.depth = TilePanels.padded(headDim);
        this.positions = TilePanels.padded(capacity);
        long bytes = (long) layers * kvHeads * headBytes();
        this.keys = Arena.ofAuto().allocate(bytes, ROW);
        this.values = Arena.ofAuto().allocate(bytes, ROW);
    }

    /** Whether heads fill strips. */
    static boolean fits(int headDim) {
        return headDim % STRIP == 0;
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
        return keys.byteSize() + values.byteSize();
    }

    /** One head of k and v (count, G·D). */
    void append(int layer, int head, CpuTensor k, CpuTensor v, int position) {
        for (int n = 0; n < k.rows(); n++) {
            int from = k.row(n) + head * headDim;
            appendKey(key(layer, head, position + n), k.data(), from);
            appendValue(value(layer, head, position + n), v.data(), v.row(n) + head * headDim);
        }
    }

    /** A lane of a strip: pairs of dimensions, a row each. */
    private void appendKey(long at, float[] key, int from) {
        for (int d = 0; d < headDim; d += 2) {
            int pair = (Bf16.fromFloat(key[from + d]) & 0xFFFF) | (Bf16.fromFloat(key[from + d + 1]) << 16);
            keys.set(ValueLayout.JAVA_INT, at + d / 2L * ROW, pair);
        }
    }

    /** A row of a tile of every strip, either halves of its lanes. */
    private void appendValue(long at, float[] value, int from) {
        for (int strip = 0; strip < headDim / STRIP; strip++) {
            long row = at + strip * valueStripBytes();
            for (int lane = 0; lane < STRIP; lane++) {
                values.set(ValueLayout.JAVA_SHORT, row + 4L * lane, Bf16.fromFloat(value[from + strip * STRIP + lane]));
            }
        }
    }

    /** Strips of the keys at {@code position} and on, a multiple of 16. */
    MemorySegment keys(int layer, int head, int position) {
        return keys.asSlice(key(layer, head, position));
    }

    /** The first strip of values from {@code position} on, a multiple of 32. */
    MemorySegment values(int layer, int head, int position) {
        return values.asSlice(value(layer, head, position));
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

    private long key(int layer, int head, int position) {
        return (layer * kvHeads + head) * headBytes()
                + (long) (position / STRIP) * keyTiles() * StripForm.TILE_BYTES
                + 4L * (position % STRIP);
    }

    private long value(int layer, int head, int position) {
        return (layer * kvHeads + head) * headBytes()
                + (long) (position / TILE) * StripForm.TILE_BYTES
                + (long) (position % TILE / 2) * ROW
                + 2L * (position % 2);
    }
}
