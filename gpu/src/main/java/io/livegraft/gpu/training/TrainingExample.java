package io.livegraft.gpu.training;

/**
 * One sequence of token ids; the loss counts the tokens from {@code firstTarget} on.
 *
 * @param tokens at least two, BOS first where the base uses one; not copied, the maker gives it away
 * @param firstTarget between 1 and the last index: a token without a predecessor can't be predicted
 */
public record TrainingExample(int[] tokens, int firstTarget) {
    public TrainingExample {
        if (firstTarget < 1 || firstTarget >= tokens.length) {
            throw new IllegalArgumentException(
                    "first target %d must lie in 1..%d".formatted(firstTarget, tokens.length - 1));
        }
    }

    public int targetTokens() {
        return tokens.length - firstTarget;
    }
}
