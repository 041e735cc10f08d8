package io.livegraft.gpu.training;

/**
 * What a training step minimises: the mean of a scalar function over the step's examples or pairs.
 *
 * <pre>{@code
 *   lr(x, y) = log π_θ(y|x) − log π_ref(y|x)          both summed over the completion's tokens, nats
 * }</pre>
 *
 * Each loss is the scalar function alone: value and slope at a log-ratio. Which sequences are scored, and how a slope
 * becomes a gradient of the weights, belongs to the pass over the model.
 */
public sealed interface Loss permits Sft, Dpo, Kto, Bco, ApoZero {
    /** Whether log-ratios to a reference are needed; {@link Sft} alone has none. */
    default boolean usesReference() {
        return switch (this) {
            case Sft() -> false;
            case Dpo dpo -> true;
            case Kto kto -> true;
            case Bco bco -> true;
            case ApoZero apoZero -> true;
        };
    }

    /** Refuses a β that isn't a positive number. */
    static double requirePositive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("%s %s must be greater than 0 and finite".formatted(name, value));
        }
        return value;
    }
}
