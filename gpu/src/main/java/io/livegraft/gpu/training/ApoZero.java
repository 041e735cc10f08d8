package io.livegraft.gpu.training;

/**
 * Anchored preference optimization, "zero" (D'Oosterlinck et al., arXiv 2408.06266), in its form for single labelled
 * examples; mean over the step's examples. Needs no statistics, so a step of one example is enough.
 *
 * <pre>{@code
 *   desirable:  1 − σ(β·lr)          undesirable:  σ(β·lr)
 * }</pre>
 *
 * @param beta β &gt; 0
 */
public record ApoZero(double beta) implements PreferenceLoss {
    public ApoZero {
        PreferenceLoss.requirePositive("beta", beta);
    }

    /** At a log-ratio. */
    public LossTerm term(double logRatio, boolean desirable) {
        double sign = desirable ? 1 : -1;
        double x = sign * beta * logRatio;
        double miss = Logistic.sigmoid(-x);
        return new LossTerm(miss, -sign * beta * miss * Logistic.sigmoid(x));
    }
}
