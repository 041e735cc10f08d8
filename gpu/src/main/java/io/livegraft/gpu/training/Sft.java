package io.livegraft.gpu.training;

/**
 * Supervised fine-tuning: the negative log-likelihood of what should be imitated.
 *
 * <pre>{@code
 *   loss = (1/T) Σ_examples −log π_θ(y|x)          T = target tokens of the whole step
 * }</pre>
 *
 * Dividing by the tokens of the whole step, not of each part, is what makes accumulation unbiased.
 */
public record Sft() implements Loss {
    /** At a completion's log-probability. */
    public LossTerm term(double logProbability) {
        return new LossTerm(-logProbability, -1);
    }
}
