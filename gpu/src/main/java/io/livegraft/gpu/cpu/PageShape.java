package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvPages;

/**
 * Of pages of keys and values: for each layer both (pageTokens, G·D), G = {@code kvHeads}, D = {@code headDim}.
 *
 * @param count of pages
 */
record PageShape(int layers, int kvHeads, int headDim, int count, int pageTokens) {
    PageShape {
        KvPages.requireFit(count, pageTokens);
    }
}
