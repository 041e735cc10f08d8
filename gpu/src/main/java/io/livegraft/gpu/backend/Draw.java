package io.livegraft.gpu.backend;

import java.util.List;

/**
 * How one token is drawn from a row of logits (V): {@link Backend#draw}.
 *
 * @param temperature 0 takes the largest logit; otherwise logits are divided by it
 * @param topP keep the smallest set of tokens whose probability reaches this, in (0, 1]
 * @param topK keep this many tokens; 0 keeps all
 * @param point of the request's own generator, in [0, 1)
 * @param adjustments of logits, before all else; each id once
 */
public record Draw(double temperature, double topP, int topK, double point, List<Adjustment> adjustments) {
    /** Of 1 / temperature: with more, 0 · ∞ would be no number. */
    private static final double STEEPEST = 1e30;

    /** {@code logits[id] = (logits[id] + bias) + penalty}. */
    public record Adjustment(int id, float bias, float penalty) {
        float adjusted(float logit) {
            return (logit + bias) + penalty;
        }
    }

    public Draw {
        adjustments = List.copyOf(adjustments);
        if (!(temperature >= 0) || !(topP > 0 && topP <= 1) || topK < 0 || !(point >= 0 && point < 1)) {
            throw new IllegalArgumentException("a draw at temperature %s with top-p %s, top-k %d and point %s is none"
                    .formatted(temperature, topP, topK, point));
        }
    }

    /** What distances from the largest logit are multiplied with; 0 where that one is taken. */
    public float scale() {
        return temperature == 0 ? 0 : (float) Math.min(1 / temperature, STEEPEST);
    }

    /** Whether tokens are kept in the order of their logits, and not all of them. */
    public boolean keepsSome(int vocabulary) {
        return topP < 1 || (topK > 0 && topK < vocabulary);
    }
}
