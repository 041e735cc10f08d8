package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.generation.StopFilter;
import io.livegraft.gpu.tokenizer.TokenDecoder;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.NextToken;
import io.livegraft.gpu.transformer.Segment;
import java.util.List;
import java.util.Optional;

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
            List<Integer> endTokens,
            Runnable onClose) {
        this.prompt = prompt;
        this.sampling = sampling;
        this.adapter = adapter;
        this.cache = cache;
        this.sampler = new Sampler(sampling);
        this.stops = new StopFilter(sampling.stop());
        this.decoder = decoder;
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

    /** Draws from what {@link #segment()} led to. */
    GenerationDelta accept(NextToken next) {
        position += position == 0 ? prompt.length : 1;
        int token = sampler.next(next.logits());
        float logprob = next.logprob(token);
        lastToken = token;
        generated++;
        if (endTokens.contains(token)) {
            return last(token, logprob, "", FinishReason.STOP);
        }
        String text = stops.push(decoder.push(token));
        if (stops.stopped()) {
            return finish(token, logprob, text, FinishReason.STOP);
        }
        boolean full = generated == sampling.maxTokens() || position == cache.capacity();
        return full
                ? last(token, logprob, text, FinishReason.LENGTH)
                : new GenerationDelta(token, logprob, text, Optional.empty());
    }

    private GenerationDelta last(int token, float logprob, String text, FinishReason reason) {
        String rest = stops.push(decoder.flush());
        return finish(token, logprob, text + rest + stops.flush(), stops.stopped() ? FinishReason.STOP : reason);
    }

    private GenerationDelta finish(int token, float logprob, String text, FinishReason reason) {
        finished = true;
        return new GenerationDelta(token, logprob, text, Optional.of(reason));
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
