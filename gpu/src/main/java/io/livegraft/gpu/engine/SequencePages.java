package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvCache;
import java.util.List;
import java.util.Optional;

/** The pages of one sequence: first those that it found computed, then its own. */
final class SequencePages {
    private final PagePool pool;
    private final PrefixCache prefixes;
    private final List<PrefixKey> prompt;
    private final int capacity;
    private Optional<KvCache> cache = Optional.empty();
    private int published;

    /**
     * @param prompt keys of all whole pages of the prompt
     * @param capacity positions at most
     */
    SequencePages(PagePool pool, PrefixCache prefixes, List<PrefixKey> prompt, int capacity) {
        this.pool = pool;
        this.prefixes = prefixes;
        this.prompt = prompt;
        this.capacity = capacity;
    }

    /** Tokens of a prompt that are computed already; some are left for it to feed. */
    int known(int promptTokens) {
        return knownPages(promptTokens).size() * pool.pageTokens();
    }

    private List<Integer> knownPages(int promptTokens) {
        int most = (promptTokens - 1) / pool.pageTokens();
        return prefixes.known(prompt.subList(0, Math.min(most, prompt.size())));
    }

    /** Pages to take so that {@code known} tokens of the prompt are its own and then so many more are there. */
    int toBegin(int promptTokens, int count) {
        List<Integer> known = knownPages(promptTokens);
        int idle = (int) known.stream().filter(pool::isIdle).count();
        return idle + pool.pagesOf(known.size() * pool.pageTokens() + count) - known.size();
    }

    /** Pages to take so that so many tokens have room. */
    int toReach(int tokens) {
        return Math.max(0, pool.pagesOf(tokens) - cache.map(KvCache::pages).orElse(0));
    }

    /** Takes what is known of a prompt, of which so many tokens may be; returns how many tokens it is. */
    int begin(int promptTokens) {
        KvCache begun = new KvCache(pool.memory(), capacity);
        for (int page : knownPages(promptTokens)) {
            pool.share(page);
            begun.add(page);
        }
        cache = Optional.of(begun);
        published = begun.pages();
        return begun.pages() * pool.pageTokens();
    }

    /** Takes pages until so many tokens have room. */
    KvCache reach(int tokens) {
        KvCache some = cache.orElseThrow();
        for (int more = toReach(tokens); more > 0; more--) {
            some.add(pool.take(prefixes));
        }
        return some;
    }

    /** Lets others know the whole pages of so many tokens of the prompt, made by prefill. */
    void publish(int tokens) {
        KvCache some = cache.orElseThrow();
        for (; published < Math.min(tokens / pool.pageTokens(), prompt.size()); published++) {
            prefixes.add(prompt.get(published), some.table()[published]);
        }
    }

    /** Gives all back, the last first: what others begin with is to last longest. */
    void release() {
        cache.ifPresent(some -> {
            for (int i = some.pages() - 1; i >= 0; i--) {
                pool.release(some.table()[i]);
            }
        });
        cache = Optional.empty();
        published = 0;
    }

    boolean begun() {
        return cache.isPresent();
    }
}
