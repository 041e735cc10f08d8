package io.livegraft.gpu.generation;

import java.util.Map;

/**
 * What is added to logits before a token is drawn, as OpenAI's API defines it.
 *
 * <pre>{@code
 *   logits[v] += bias[v] − frequency · count[v] − presence · [count[v] > 0]      count[v] = draws of v in this answer so far
 * }</pre>
 *
 * @param presence penalty, from -2 to 2
 * @param frequency penalty, from -2 to 2
 * @param bias by token id, each from -100 to 100
 */
public record LogitAdjustment(double presence, double frequency, Map<Integer, Double> bias) {
    /** Logits stay as they are. */
    public static final LogitAdjustment NONE = new LogitAdjustment(0, 0, Map.of());

    private static final int MOST_BIASED = 300;

    public LogitAdjustment {
        bias = Map.copyOf(bias);
        require(presence >= -2 && presence <= 2, "presence_penalty", presence, "between -2 and 2");
        require(frequency >= -2 && frequency <= 2, "frequency_penalty", frequency, "between -2 and 2");
        require(bias.size() <= MOST_BIASED, "logit_bias", bias.size() + " tokens", "at most " + MOST_BIASED);
        bias.forEach((token, value) -> require(
                token >= 0 && value >= -100 && value <= 100,
                "logit_bias",
                "%s for token %d".formatted(value, token),
                "between -100 and 100 for ids from 0 on"));
    }

    /** Whether what was drawn before matters. */
    boolean penalizes() {
        return presence != 0 || frequency != 0;
    }

    /** What a token that was drawn {@code count} times is given, its bias apart. */
    double penalty(int count) {
        return -(frequency * count) - (count > 0 ? presence : 0);
    }

    private static void require(boolean holds, String field, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("%s is %s, expected %s".formatted(field, value, expected));
        }
    }
}
