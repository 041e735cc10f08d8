package io.livegraft.gpu.generation;

import java.util.List;
import java.util.Optional;

/**
 * What one step added to one generation.
 *
 * @param token the id drawn; {@link #NONE} in the one delta of a request for no tokens
 * @param logprob its natural log-probability under the unmodified distribution
 * @param text complete characters that became certain; may be empty while bytes or a possible stop string are held back
 * @param finish present on the last delta
 * @param likeliest the tokens of the largest log-probabilities, as many as were asked for
 * @param prompt all tokens of the prompt, scored, on the first delta of a request that asked for it
 */
public record GenerationDelta(
        int token,
        float logprob,
        String text,
        Optional<FinishReason> finish,
        List<TokenLogprob> likeliest,
        List<PromptToken> prompt) {
    /** No token was drawn. */
    public static final int NONE = -1;

    public GenerationDelta {
        likeliest = List.copyOf(likeliest);
        prompt = List.copyOf(prompt);
    }

    /** With nothing said of the prompt. */
    public GenerationDelta(
            int token, float logprob, String text, Optional<FinishReason> finish, List<TokenLogprob> likeliest) {
        this(token, logprob, text, finish, likeliest, List.of());
    }

    /** With nothing said of other tokens. */
    public GenerationDelta(int token, float logprob, String text, Optional<FinishReason> finish) {
        this(token, logprob, text, finish, List.of());
    }

    /** The answer to a request for no tokens: the prompt alone. */
    public static GenerationDelta ofPrompt(List<PromptToken> prompt) {
        return new GenerationDelta(NONE, 0, "", Optional.of(FinishReason.LENGTH), List.of(), prompt);
    }

    /** Whether there is a token in it. */
    public boolean drawn() {
        return token != NONE;
    }

    /** The same with other text. */
    public GenerationDelta withText(String other) {
        return new GenerationDelta(token, logprob, other, finish, likeliest, prompt);
    }

    /** The same as a last one. */
    public GenerationDelta withFinish(FinishReason reason) {
        return new GenerationDelta(token, logprob, text, Optional.of(reason), likeliest, prompt);
    }

    /** The same as a first one. */
    public GenerationDelta withPrompt(List<PromptToken> scored) {
        return new GenerationDelta(token, logprob, text, finish, likeliest, scored);
    }
}
