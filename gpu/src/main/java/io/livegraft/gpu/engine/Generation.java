package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.generation.StopFilter;
import io.livegraft.gpu.generation.TokenLogprob;
import io.livegraft.gpu.tokenizer.TokenDecoder;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.DrawnToken;
import io.livegraft.gpu.transformer.NextToken;
import io.livegraft.gpu.transformer.Segment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * One admitted request: its token ids, its KV memory and the adapter it keeps to its last token (law 2). Made by
 * {@link Engine#admit}, advanced by {@link Engine#decode}; closing it frees its place.
 */
public final class Generation implements AutoCloseable {
    private final int[] prompt;
    private final SamplingSettings sampling;
    private final Optional<StagedAdapter> adapter;
    private final KvCache cache;
    private final Sampler sampler;
    private final StopFilter stops;
    private final TokenDecoder decoder;
    private final IntFunction<String> words;
    private final List<Integer> endTokens;
    private final Runnable onClose;
    private int position;
    private int generated;
    private int lastToken;
    private boolean finished;
    private boolean closed;

    Generation(
            int[] prompt,
            SamplingSettings sampling,
            Optional<StagedAdapter> adapter,
            KvCache cache,
            TokenDecoder decoder,
            IntFunction<String> words,
            List<Integer> endTokens,
            Runnable onClose) {
        this.prompt = prompt;
        this.sampling = sampling;
        this.adapter = adapter;
        this.cache = cache;
        this.sampler = new Sampler(sampling);
        this.stops = new StopFilter(sampling.stop());
        this.decoder = decoder;
        this.words = words;
        this.endTokens = endTokens;
        this.onClose = onClose;
    }

    public boolean finished() {
        return finished;
    }

    public int promptTokens() {
        return prompt.length;
    }

    public int generatedTokens() {
        return generated;
    }

    /** What the next decode step feeds: the prompt first, then the last token. */
    Segment segment() {
        if (finished || closed) {
            throw new IllegalStateException("a finished generation can't go on");
        }
        Optional<AdapterTensors> tensors = adapter.map(StagedAdapter::tensors);
        return position == 0
                ? Segment.prefill(prompt, 0, cache, tensors)
                : Segment.decode(lastToken, position, cache, tensors);
    }

    /** Whether nobody needs to see more than the largest logit. */
    boolean takesLargest() {
        return sampling.takesLargest();
    }

    /** Draws from what {@link #segment()} led to. */
    GenerationDelta accept(NextToken next) {
        int token = sampler.next(next.logits());
        return accept(new GenerationDelta(token, next.logprob(token), "", Optional.empty(), likeliest(next)));
    }

    /** Goes on with the largest logit of what {@link #segment()} led to. */
    GenerationDelta accept(DrawnToken largest) {
        return accept(new GenerationDelta(largest.id(), largest.logprob(), "", Optional.empty()));
    }

    private GenerationDelta accept(GenerationDelta drawn) {
        position += position == 0 ? prompt.length : 1;
        int token = drawn.token();
        lastToken = token;
        generated++;
        if (endTokens.contains(token)) {
            return last(drawn, FinishReason.STOP);
        }
        GenerationDelta delta = drawn.withText(stops.push(decoder.push(token)));
        if (stops.stopped()) {
            return finish(delta, FinishReason.STOP);
        }
        boolean full = generated == sampling.maxTokens() || position == cache.capacity();
        return full ? last(delta, FinishReason.LENGTH) : delta;
    }

    private List<TokenLogprob> likeliest(NextToken next) {
        return sampling.topLogprobs() == 0
                ? List.of()
                : Arrays.stream(Sampler.likeliest(next.logits(), sampling.topLogprobs()))
                        .mapToObj(id -> new TokenLogprob(id, next.logprob(id), words.apply(id)))
                        .toList();
    }

    private GenerationDelta last(GenerationDelta delta, FinishReason reason) {
        String rest = stops.push(decoder.flush());
        return finish(
                delta.withText(delta.text() + rest + stops.flush()), stops.stopped() ? FinishReason.STOP : reason);
    }

    private GenerationDelta finish(GenerationDelta delta, FinishReason reason) {
        finished = true;
        return delta.withFinish(reason);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            cache.close();
            onClose.run();
        }
    }
}
