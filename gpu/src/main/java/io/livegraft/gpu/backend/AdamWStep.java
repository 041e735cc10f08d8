package io.livegraft.gpu.backend;

/**
 * The constants of one AdamW step (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2); the formula is
 * {@link Backend#adamW}'s.
 *
 * @param learningRate lr of this step, after schedule and groups
 * @param beta1 β₁ in [0, 1), decay of the first moment
 * @param beta2 β₂ in [0, 1), decay of the second
 * @param epsilon ε, added to the root of the corrected second moment
 * @param weightDecay λ, decoupled: a step takes {@code lr · λ} of a parameter away
 * @param step t, 1 for the first
 * @param gradientScale multiplies every gradient first (clipping)
 */
public record AdamWStep(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        long step,
        double gradientScale) {
    public AdamWStep withLearningRate(double rate) {
        return new AdamWStep(rate, beta1, beta2, epsilon, weightDecay, step, gradientScale);
    }

    /** 1 − β₁ᵗ. */
    public double firstCorrection() {
        return 1 - StrictMath.pow(beta1, (double) step);
    }

    /** 1 − β₂ᵗ. */
    public double secondCorrection() {
        return 1 - StrictMath.pow(beta2, (double) step);
    }
}
