package io.livegraft.gpu.training;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Kahneman-Tversky optimization (Ethayarajh et al., arXiv 2402.01306, equation 8) of single labelled examples, mean over the
 * step's examples.
 *
 * <pre>{@code
 *   desirable:    λ_D · (1 − σ(β (lr − z)))          undesirable:  λ_U · (1 − σ(β (z − lr)))
 *   z = max(0, mean_i lr(x[i], y[i−1 mod n]))        n ≥ 2 examples of the step; no gradient flows through z
 * }</pre>
 *
 * <p>A step of one example has nothing to compare with; it takes the z of the latest step that had, from {@link LossStatistics}.
 *
 * @param beta β &gt; 0
 * @param desirableWeight λ_D &gt; 0; with n_D and n_U examples of each kind λ_D·n_D / (λ_U·n_U) should lie in [1, 4/3]
 * @param undesirableWeight λ_U &gt; 0
 */
public record Kto(double beta, double desirableWeight, double undesirableWeight) implements PreferenceLoss {
    public Kto {
        PreferenceLoss.requirePositive("beta", beta);
        PreferenceLoss.requirePositive("desirable weight", desirableWeight);
        PreferenceLoss.requirePositive("undesirable weight", undesirableWeight);
    }

    /**
     * z, the estimate of how far the policy is from the reference.
     *
     * @param mismatched log-ratios of each prompt with the completion of the example before it, in the step's order
     */
    public double divergence(double[] mismatched) {
        requireMismatch(mismatched.length);
        double sum = 0;
        for (double logRatio : mismatched) {
            sum += logRatio;
        }
        return Math.max(0, sum / mismatched.length);
    }

    /** Refuses steps that never have another example's completion for a prompt: z would stay 0. */
    static void requireMismatch(int examples) {
        if (examples < 2) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "KTO compares prompts with other examples' completions: a step has %d example, expected at least 2"
                            .formatted(examples));
        }
    }

    /** At a log-ratio. */
    public LossTerm term(double logRatio, boolean desirable, double z) {
        double weight = desirable ? desirableWeight : undesirableWeight;
        double sign = desirable ? 1 : -1;
        double x = sign * beta * (logRatio - z);
        double miss = Logistic.sigmoid(-x);
        return new LossTerm(weight * miss, -sign * weight * beta * miss * Logistic.sigmoid(x));
    }
}
