package io.livegraft.gpu.generation;

import java.util.List;
import java.util.OptionalDouble;

/**
 * A token of a prompt, scored by what comes before it.
 *
 * @param token its id
 * @param text complete characters that became certain with it; all together are the prompt's text
 * @param logprob its natural log-probability; none for the first, which nothing comes before
 * @param likeliest the tokens of the largest log-probabilities in its place, as many as were asked for
 */
public record PromptToken(int token, String text, OptionalDouble logprob, List<TokenLogprob> likeliest) {
    public PromptToken {
        likeliest = List.copyOf(likeliest);
    }
}
