package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Pieces of weights for {@link PageKernel}: addresses that whoever adds them keeps alive. It grows and is used again. */
public final class PageList {
    static final int WEIGHTS = 0;
    static final int NEXT = 8;
    static final int BLOCKS = 16;
    static final int STRIPS = 24;
    static final int GAP = 32;
    static final int X = 40;
    static final int Y = 48;
    /** Of a piece. */
    static final int BYTES = 64;

    /** What is fetched stays in the second cache until it is read. */
    private static final long MOST_AHEAD = 64 << 10;

    private static final long AHEAD = 4096;

    private MemorySegment memory = MemorySegment.NULL;
    private int count;

    public int count() {
        return count;
    }

    MemorySegment memory() {
        return memory;
    }

    public void clear() {
        count = 0;
    }

    /**
     * One more piece, which the one before it fetches.
     *
     * @param weights address of the first strip
     * @param gap bytes between the end of a strip's blocks and the next strip
     * @param x bytes from the call's own
     * @param y bytes from the call's own
     */
    public void add(long weights, long blocks, long strips, long gap, long x, long y) {
        long at = (long) count * BYTES;
        if (memory.byteSize() == at) {
            memory = Arena.ofAuto()
                    .allocate(Math.max(16L * BYTES, 2 * at), BYTES)
                    .copyFrom(memory);
        }
        fetchNext(weights);
        set(at + WEIGHTS, weights);
        set(at + NEXT, weights + AHEAD);
        set(at + BLOCKS, blocks);
        set(at + STRIPS, strips);
        set(at + GAP, gap);
        set(at + X, x);
        set(at + Y, y);
        count++;
    }

    /** The last piece fetches what lies at an address, unless it is so long that it has to fetch itself. */
    public void fetchNext(long address) {
        if (count > 0) {
            long last = (count - 1L) * BYTES;
            long bytes = get(last + STRIPS) * (get(last + BLOCKS) * StripForm.TILE_BYTES + get(last + GAP));
            if (bytes <= MOST_AHEAD) {
                set(last + NEXT, address);
            }
        }
    }

    private long get(long at) {
        return memory.get(ValueLayout.JAVA_LONG, at);
    }

    private void set(long at, long value) {
        memory.set(ValueLayout.JAVA_LONG, at, value);
    }
}
