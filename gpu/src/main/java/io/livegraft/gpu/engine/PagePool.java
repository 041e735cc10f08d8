package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvPages;
import java.util.BitSet;
import java.util.LinkedHashSet;

/**
 * Who has which page of a memory. A page is unused, or has users, or is idle: kept for its contents, until a page is needed and it is
 * the one that nobody has used for longest.
 */
final class PagePool {
    /** Told before a page gets other contents. */
    interface Eviction {
        void evicted(int page);
    }

    private final KvPages memory;
    private final BitSet unused = new BitSet();
    private final BitSet kept = new BitSet();
    private final LinkedHashSet<Integer> idle = new LinkedHashSet<>();
    private final int[] users;

    PagePool(KvPages memory) {
        this.memory = memory;
        this.users = new int[memory.count()];
        unused.set(0, memory.count());
    }

    KvPages memory() {
        return memory;
    }

    int pages() {
        return memory.count();
    }

    int pageTokens() {
        return memory.pageTokens();
    }

    /** Unused and idle ones. */
    int free() {
        return unused.cardinality() + idle.size();
    }

    /** Pages that so many tokens fill, the last of them perhaps in part. */
    int pagesOf(int tokens) {
        return Math.ceilDiv(tokens, pageTokens());
    }

    boolean isIdle(int page) {
        return idle.contains(page);
    }

    /** One that has a single user then. */
    int take(Eviction eviction) {
        int page = unused.nextSetBit(0);
        if (page < 0) {
            page = oldest();
            kept.clear(page);
            eviction.evicted(page);
        }
        unused.clear(page);
        users[page] = 1;
        return page;
    }

    private int oldest() {
        if (idle.isEmpty()) {
            throw new IllegalStateException("none of %d pages is free".formatted(pages()));
        }
        return idle.removeFirst();
    }

    /** One user more, of a page that has users or is idle. */
    void share(int page) {
        idle.remove(page);
        users[page]++;
    }

    /** One user less. */
    void release(int page) {
        if (--users[page] > 0) {
            return;
        }
        if (kept.get(page)) {
            idle.add(page);
        } else {
            unused.set(page);
        }
    }

    /** Has a page that is in use become idle after it. */
    void keep(int page) {
        kept.set(page);
    }
}
