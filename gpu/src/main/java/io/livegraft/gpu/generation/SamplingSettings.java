package io.livegraft.gpu.generation;

import java.util.List;

/**
 * How tokens are drawn, in OpenAI's terms.
 *
 * @param temperature 0 takes the most likely token; otherwise logits are divided by it
 * @param topP keep the smallest set of tokens whose probability reaches this, in (0, 1]
 * @param topK keep this many tokens; 0 keeps all
 * @param seed of the request's own generator
 * @param stop generation ends before any of these strings; at most 16
 * @param adjustment of the logits, before all else
 * @param topLogprobs how many tokens to name with each draw, likeliest first; at most 20
 * @param promptLogprobs whether the prompt's own tokens are scored too, as {@code echo} with {@code logprobs} asks: all of the
 *     prompt is computed then, whatever is known of it already. Only such a request may ask for no tokens.
 */
public record SamplingSettings(
        int maxTokens,
        double temperature,
        double topP,
        int topK,
        long seed,
        List<String> stop,
        LogitAdjustment adjustment,
        int topLogprobs,
        boolean promptLogprobs) {
    public SamplingSettings {
        stop = List.copyOf(stop);
        require(
                maxTokens >= (promptLogprobs ? 0 : 1),
                "max_tokens",
                maxTokens,
                "at least 1, or 0 with echo and logprobs");
        require(temperature >= 0 && temperature <= 2, "temperature", temperature, "between 0 and 2");
        require(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
        require(topK >= 0, "top_k", topK, "0 (all) or more");
        require(
                stop.size() <= 16 && stop.stream().noneMatch(String::isEmpty),
                "stop",
                stop,
                "at most 16 strings, none empty");
        require(topLogprobs >= 0 && topLogprobs <= 20, "top_logprobs", topLogprobs, "between 0 and 20");
    }

    /** The prompt is not scored. */
    public SamplingSettings(
            int maxTokens,
            double temperature,
            double topP,
            int topK,
            long seed,
            List<String> stop,
            LogitAdjustment adjustment,
            int topLogprobs) {
        this(maxTokens, temperature, topP, topK, seed, stop, adjustment, topLogprobs, false);
    }

    /** Logits as they are, no other tokens named. */
    public SamplingSettings(int maxTokens, double temperature, double topP, int topK, long seed, List<String> stop) {
        this(maxTokens, temperature, topP, topK, seed, stop, LogitAdjustment.NONE, 0);
    }

    public static SamplingSettings greedy(int maxTokens) {
        return new SamplingSettings(maxTokens, 0, 1, 0, 0, List.of());
    }

    /** Whether a draw needs no more than the largest logit as it is. */
    public boolean takesLargest() {
        return temperature == 0 && adjustment.equals(LogitAdjustment.NONE) && topLogprobs == 0;
    }

    private static void require(boolean holds, String field, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("%s is %s, expected %s".formatted(field, value, expected));
        }
    }
}
