package io.livegraft.gpu.backend;

/**
 * Keys and values of one sequence: pages of a memory, in the order of its positions. They fill up from position 0; one that has no
 * page, or lies beyond the capacity, is a broken invariant of the caller, {@link IllegalArgumentException}.
 */
public final class KvCache {
    /** Tables are whole multiples of this, so that those of most sequences are of one length. */
    private static final int TABLE_STEP = 32;

    private final KvPages memory;
    private final int capacity;
    private final int[] table;
    private int pages;

    /** Without any pages yet. */
    public KvCache(KvPages memory, int capacity) {
        this.memory = memory;
        this.capacity = capacity;
        int most = Math.ceilDiv(capacity, memory.pageTokens());
        this.table = new int[Math.ceilDiv(Math.max(1, most), TABLE_STEP) * TABLE_STEP];
    }

    public KvPages memory() {
        return memory;
    }

    /** Positions that it may have. */
    public int capacity() {
        return capacity;
    }

    /** Pages that it has. */
    public int pages() {
        return pages;
    }

    /** One more, behind those that it has. */
    public void add(int page) {
        if (page < 0 || page >= memory.count() || pages == table.length) {
            throw new IllegalArgumentException(
                    "page %d of %d as the %dth of a sequence".formatted(page, memory.count(), pages));
        }
        table[pages++] = page;
    }

    /** Which one has a position. */
    public int page(int position) {
        return table[position / memory.pageTokens()];
    }

    /** Where it has it. */
    public int offset(int position) {
        return position % memory.pageTokens();
    }

    /** How many of {@code most} positions from {@code position} on the same page has. */
    public int together(int position, int most) {
        return Math.min(most, memory.pageTokens() - offset(position));
    }

    /** Its pages' numbers, then zeros; always the same array. */
    public int[] table() {
        return table;
    }

    /** Refuses positions {@code position} to {@code position + count} that have no page. */
    public void requireRoom(int position, int count) {
        long room = Math.min(capacity, (long) pages * memory.pageTokens());
        if (position < 0 || position + (long) count > room) {
            throw new IllegalArgumentException("positions %d to %d in a cache with room for %d"
                    .formatted(position, position + (long) count, room));
        }
    }

    public long bytes() {
        return pages * memory.pageBytes();
    }
}
