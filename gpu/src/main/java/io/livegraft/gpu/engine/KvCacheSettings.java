package io.livegraft.gpu.engine;

import com.typesafe.config.Config;
import io.livegraft.gpu.backend.KvPages;

/**
 * Section {@code livegraft.engine.kv-cache} of the configuration: room for keys and values of all sequences. None of it changes a bit of
 * any result.
 *
 * @param memory bytes at most; less where all sequences at their longest need less
 * @param pageTokens positions that a page has room for, a power of two from 64 on
 * @param prefixReuse whether whole pages of a prompt are kept for requests of the same tenant and version that begin alike
 */
public record KvCacheSettings(long memory, int pageTokens, boolean prefixReuse) {
    public KvCacheSettings {
        if (memory < 1 || pageTokens < KvPages.LEAST_TOKENS || Integer.bitCount(pageTokens) != 1) {
            throw new IllegalArgumentException(
                    "kv-cache settings out of range: memory %d at least 1, page-tokens %d a power of two from %d on"
                            .formatted(memory, pageTokens, KvPages.LEAST_TOKENS));
        }
    }

    static KvCacheSettings from(Config section) {
        return new KvCacheSettings(
                section.getBytes("memory"), section.getInt("page-tokens"), section.getBoolean("prefix-reuse"));
    }
}
