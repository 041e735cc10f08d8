package io.livegraft.gpu.backend;

/**
 * Memory for keys and values of many sequences, in pages that are numbered from 0: for each layer both (pageTokens, G·D), G = key and
 * value heads, D = head dimension. Who has which page is the caller's to know ({@link KvCache}).
 */
public interface KvPages {
    /** How many there are. */
    int count();

    /** Positions that a page has room for: a power of two and at least {@link #LEAST_TOKENS}, unless there is one page. */
    int pageTokens();

    long pageBytes();

    /** Positions at least: what any kernel takes at once lies in one page. */
    int LEAST_TOKENS = 64;

    /** Refuses what no kernel could read. */
    static void requireFit(int pages, int pageTokens) {
        boolean fits = pageTokens >= LEAST_TOKENS && Integer.bitCount(pageTokens) == 1;
        if (pages < 1 || pageTokens < 1 || (pages > 1 && !fits)) {
            throw new IllegalArgumentException("%d pages of %d positions, expected a power of two from %d on"
                    .formatted(pages, pageTokens, LEAST_TOKENS));
        }
    }
}
