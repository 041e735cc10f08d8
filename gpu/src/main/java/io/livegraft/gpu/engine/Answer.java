package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.generation.StopFilter;
import io.livegraft.gpu.generation.TokenLogprob;
import io.livegraft.gpu.tokenizer.TokenDecoder;
import io.livegraft.gpu.transformer.DrawnToken;
import io.livegraft.gpu.transformer.NextToken;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/** Draws the tokens of one generation, turns them into text, and says when they end. */
final class Answer {
    private final SamplingSettings sampling;
    private final Sampler sampler;
    private final StopFilter stops;
    private final TokenDecoder decoder;
    private final IntFunction<String> words;
    private final List<Integer> endTokens;
    private final int most;
    private int drawn;

    /**
     * @param decoder of what comes behind the prompt
     * @param words the text of a token alone
     * @param most tokens that there is room for, at least 1
     */
    Answer(
            SamplingSettings sampling,
            TokenDecoder decoder,
            IntFunction<String> words,
            List<Integer> endTokens,
            int most) {
        this.sampling = sampling;
        this.sampler = new Sampler(sampling);
        this.stops = new StopFilter(sampling.stop());
        this.decoder = decoder;
        this.words = words;
        this.endTokens = endTokens;
        this.most = Math.min(most, sampling.maxTokens());
    }

    GenerationDelta draw(NextToken next) {
        int token = sampler.next(next.logits());
        return take(new GenerationDelta(token, next.logprob(token), "", Optional.empty(), likeliest(next)));
    }

    /** How a backend draws the next token, which {@link #take} is told then. */
    Draw nextDraw() {
        return sampler.draw();
    }

    /** Goes on with a token that the backend drew, or its largest logit. */
    GenerationDelta take(DrawnToken token) {
        sampler.drawn(token.id());
        return take(new GenerationDelta(token.id(), token.logprob(), "", Optional.empty()));
    }

    /** As many as the settings ask for. */
    List<TokenLogprob> likeliest(NextToken next) {
        return sampling.topLogprobs() == 0
                ? List.of()
                : Arrays.stream(Sampler.likeliest(next.logits(), sampling.topLogprobs()))
                        .mapToObj(id -> new TokenLogprob(id, next.logprob(id), words.apply(id)))
                        .toList();
    }

    private GenerationDelta take(GenerationDelta token) {
        drawn++;
        if (endTokens.contains(token.token())) {
            return last(token, FinishReason.STOP);
        }
        GenerationDelta delta = token.withText(stops.push(decoder.push(token.token())));
        if (stops.stopped()) {
            return delta.withFinish(FinishReason.STOP);
        }
        return drawn == most ? last(delta, FinishReason.LENGTH) : delta;
    }

    private GenerationDelta last(GenerationDelta delta, FinishReason reason) {
        String rest = stops.push(decoder.flush());
        return delta.withText(delta.text() + rest + stops.flush())
                .withFinish(stops.stopped() ? FinishReason.STOP : reason);
    }
}
