package io.livegraft.gpu.training;

/**
 * A loss of what is liked better, as a function of how far the policy has moved from a reference.
 *
 * <pre>{@code
 *   lr(x, y) = log π_θ(y|x) − log π_ref(y|x)          both summed over the completion's tokens, nats
 *   β·lr is the completion's reward
 * }</pre>
 */
public sealed interface PreferenceLoss extends Loss permits Dpo, Kto, Bco, ApoZero {
    /** β &gt; 0: how much a log-ratio counts. */
    double beta();

    /** Refuses what isn't a positive number. */
    static void requirePositive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("%s %s must be greater than 0 and finite".formatted(name, value));
        }
    }
}
