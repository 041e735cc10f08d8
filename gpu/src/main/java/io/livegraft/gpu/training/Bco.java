package io.livegraft.gpu.training;

/**
 * Binary classifier optimization (Jung et al., arXiv 2404.04656) of single labelled examples, mean over the step's examples:
 * a classifier of desirable and undesirable by the reward β·lr, around the mean reward so far.
 *
 * <pre>{@code
 *   desirable:  −log σ(β·lr − δ)          undesirable:  −log σ(−(β·lr − δ))
 *   δ = mean of β·lr over all examples of this and all earlier steps; no gradient flows through δ
 * }</pre>
 *
 * δ lives in {@link LossStatistics}.
 *
 * @param beta β &gt; 0
 */
public record Bco(double beta) implements PreferenceLoss {
    public Bco {
        PreferenceLoss.requirePositive("beta", beta);
    }

    /** At a log-ratio. */
    public LossTerm term(double logRatio, boolean desirable, double delta) {
        double sign = desirable ? 1 : -1;
        double x = sign * (beta * logRatio - delta);
        return new LossTerm(-Logistic.logSigmoid(x), -sign * beta * Logistic.sigmoid(-x));
    }
}
