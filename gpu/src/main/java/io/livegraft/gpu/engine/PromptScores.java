package io.livegraft.gpu.engine;

import io.livegraft.gpu.generation.PromptToken;
import io.livegraft.gpu.generation.TokenLogprob;
import io.livegraft.gpu.tokenizer.TokenDecoder;
import io.livegraft.gpu.transformer.NextToken;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Scores the tokens of one prompt, each by the row before it. */
final class PromptScores {
    private final int[] prompt;
    private final TokenDecoder decoder;
    private final Function<NextToken, List<TokenLogprob>> likeliest;
    private final List<PromptToken> scored = new ArrayList<>();

    /** @param decoder of a text's beginning */
    PromptScores(int[] prompt, TokenDecoder decoder, Function<NextToken, List<TokenLogprob>> likeliest) {
        this.prompt = prompt;
        this.decoder = decoder;
        this.likeliest = likeliest;
        add(OptionalDouble.empty(), List.of());
    }

    boolean complete() {
        return scored.size() == prompt.length;
    }

    /** The next token's place. */
    void score(NextToken next) {
        add(OptionalDouble.of(next.logprob(prompt[scored.size()])), likeliest.apply(next));
    }

    private void add(OptionalDouble logprob, List<TokenLogprob> others) {
        int token = prompt[scored.size()];
        String text = decoder.push(token);
        String rest = scored.size() == prompt.length - 1 ? decoder.flush() : "";
        scored.add(new PromptToken(token, text + rest, logprob, others));
    }

    List<PromptToken> all() {
        return List.copyOf(scored);
    }
}
