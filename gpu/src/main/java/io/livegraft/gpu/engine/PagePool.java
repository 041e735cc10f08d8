package io.livegraft.gpu.engine;

/** The pages of an engine: room for keys and values, handed out by number. */
final class PagePool {
    private final int pages;
    private final int pageTokens;
    private int free;

    PagePool(int pages, int pageTokens) {
        this.pages = pages;
        this.pageTokens = pageTokens;
        this.free = pages;
    }

    int pages() {
        return pages;
    }

    int pageTokens() {
        return pageTokens;
    }

    int free() {
        return free;
    }

    /** Pages that so many tokens fill, the last of them perhaps in part. */
    int pagesOf(int tokens) {
        return Math.ceilDiv(tokens, pageTokens);
    }

    void take(int count) {
        if (count > free) {
            throw new IllegalStateException("%d pages were asked for, %d of %d are free".formatted(count, free, pages));
        }
        free -= count;
    }

    void release(int count) {
        free += count;
    }
}
