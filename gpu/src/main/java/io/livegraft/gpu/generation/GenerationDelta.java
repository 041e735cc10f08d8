package io.livegraft.gpu.generation;

import java.util.List;
import java.util.Optional;

/**
 * What one decode step added to one generation.
 *
 * @param token the id drawn
 * @param logprob its natural log-probability under the unmodified distribution
 * @param text complete characters that became certain; may be empty while bytes or a possible stop string are held back
 * @param finish present on the last delta
 * @param likeliest the tokens of the largest log-probabilities, as many as were asked for
 */
public record GenerationDelta(
        int token, float logprob, String text, Optional<FinishReason> finish, List<TokenLogprob> likeliest) {
    public GenerationDelta {
        likeliest = List.copyOf(likeliest);
    }

    /** With nothing said of other tokens. */
    public GenerationDelta(int token, float logprob, String text, Optional<FinishReason> finish) {
        this(token, logprob, text, finish, List.of());
    }

    /** The same with other text. */
    public GenerationDelta withText(String other) {
        return new GenerationDelta(token, logprob, other, finish, likeliest);
    }

    /** The same as a last one. */
    public GenerationDelta withFinish(FinishReason reason) {
        return new GenerationDelta(token, logprob, text, Optional.of(reason), likeliest);
    }
}
