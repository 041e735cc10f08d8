package io.livegraft.gpu.training;

/**
 * Direct preference optimization (Rafailov et al., arXiv 2305.18290, equation 7) of pairs, mean over the step's pairs.
 *
 * <pre>{@code
 *   Δ = lr(x, chosen) − lr(x, rejected)          ε = labelSmoothing, the probability that a pair is the wrong way round
 *   conservative (cDPO):  −(1−ε) log σ(βΔ) − ε log σ(−βΔ)
 *   robust:             [ −(1−ε) log σ(βΔ) + ε log σ(−βΔ) ] / (1−2ε)
 * }</pre>
 *
 * cDPO: Mitchell, "A note on DPO with noisy preferences", 2023. Robust: Ray Chowdhury et al., arXiv 2403.00409,
 * the unbiased estimate of the loss without flips. Both are DPO at ε = 0.
 *
 * @param beta β &gt; 0, how far the policy may move from the reference
 * @param labelSmoothing in [0, 1/2)
 * @param robust which of the two a positive {@code labelSmoothing} means
 */
public record Dpo(double beta, double labelSmoothing, boolean robust) implements PreferenceLoss {
    public Dpo {
        PreferenceLoss.requirePositive("beta", beta);
        if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
            throw new IllegalArgumentException("label smoothing %s must lie in [0, 0.5)".formatted(labelSmoothing));
        }
    }

    /** At Δ, the difference of a pair's log-ratios. */
    public LossTerm term(double difference) {
        double kept = robust ? (1 - labelSmoothing) / (1 - 2 * labelSmoothing) : 1 - labelSmoothing;
        double flipped = robust ? -labelSmoothing / (1 - 2 * labelSmoothing) : labelSmoothing;
        double x = beta * difference;
        return new LossTerm(
                -kept * Logistic.logSigmoid(x) - flipped * Logistic.logSigmoid(-x),
                beta * (flipped * Logistic.sigmoid(x) - kept * Logistic.sigmoid(-x)));
    }
}
