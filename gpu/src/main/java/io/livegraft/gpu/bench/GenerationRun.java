package io.livegraft.gpu.bench;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.DrawnToken;
import io.livegraft.gpu.transformer.Feed;
import io.livegraft.gpu.transformer.NextLogits;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sequences that are generated side by side, one token each a step: the engine's decode step, with the largest logit taken and
 * its log-probability computed as for a request of temperature 0. Caches are filled to a depth once; every run begins there anew.
 */
final class GenerationRun implements Runnable {
    private final NextLogits next;
    private final List<Optional<AdapterTensors>> adapters;
    private final List<KvCache> caches = new ArrayList<>();
    private final int depth;
    private final int steps;
    private double logProbabilities;

    /**
     * @param adapters of the sequences
     * @param depth tokens that each sequence has already
     * @param steps of a run
     */
    GenerationRun(
            Backend backend, Transformer transformer, List<Optional<AdapterTensors>> adapters, int depth, int steps) {
        this.next = new NextLogits(backend, transformer);
        this.adapters = adapters;
        this.depth = depth;
        this.steps = steps;
        allocate(transformer);
        for (int i = 0; i < adapters.size() && depth > 0; i++) {
            int[] prompt = RandomBase.tokens(transformer.config(), depth, i + 1);
            transformer.infer(List.of(Segment.prefill(prompt, 0, caches.get(i), adapters.get(i))));
        }
    }

    /** Pages are dealt out in turn, as to sequences that grow side by side. */
    private void allocate(Transformer transformer) {
        int pages = Math.ceilDiv(depth + steps, KvPages.LEAST_TOKENS);
        KvPages memory = transformer.allocateKvPages(pages * adapters.size(), KvPages.LEAST_TOKENS);
        for (int i = 0; i < adapters.size(); i++) {
            KvCache cache = new KvCache(memory, depth + steps);
            for (int page = 0; page < pages; page++) {
                cache.add(page * adapters.size() + i);
            }
            caches.add(cache);
        }
    }

    @Override
    public void run() {
        int[] last = new int[caches.size()];
        for (int position = depth; position < depth + steps; position++) {
            next.feed(feeds(last, position));
        }
        if (!Double.isFinite(logProbabilities)) {
            throw new IllegalStateException("the random base overflowed");
        }
    }

    private List<Feed> feeds(int[] last, int position) {
        List<Feed> feeds = new ArrayList<>();
        for (int i = 0; i < last.length; i++) {
            int sequence = i;
            Segment step = Segment.decode(last[i], position, caches.get(i), adapters.get(i));
            feeds.add(new Feed(step, new Feed.Likeliest(drawn -> take(last, sequence, drawn))));
        }
        return feeds;
    }

    private void take(int[] last, int sequence, DrawnToken drawn) {
        last[sequence] = drawn.id();
        logProbabilities += drawn.logprob();
    }

    /** Tokens of all sequences in one run. */
    int tokens() {
        return caches.size() * steps;
    }

    /** Keys and values that a token of one sequence reads, in the middle of a run. */
    long contextBytes() {
        KvPages memory = caches.getFirst().memory();
        return memory.pageBytes() * (2L * depth + steps) / (2L * memory.pageTokens());
    }
}
