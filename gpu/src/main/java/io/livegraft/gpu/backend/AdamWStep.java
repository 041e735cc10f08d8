package io.livegraft.gpu.backend;

/**
 * The constants of one AdamW step.
 *
 * @param step 1 for the first
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
