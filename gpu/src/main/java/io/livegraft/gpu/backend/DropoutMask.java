package io.livegraft.gpu.backend;

/**
 * Which elements of a tensor dropout keeps (Srivastava et al., JMLR 15, 2014), in the inverted form that leaves the mean as it
 * is. Element i's lot is output i of {@link SplitMix64} from the seed: nothing is remembered, so that the backward pass and a recomputed forward pass find the same mask, on any number of threads and on any device.
 *
 * <pre>{@code
 *   keeps(i) = (z >>> 11) · 2⁻⁵³ ≥ probability        z = output(seed, i)        scale = 1 / (1 − probability)
 * }</pre>
 *
 * @param probability of being dropped, in [0, 1)
 */
public record DropoutMask(double probability, long seed) {
    public DropoutMask {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException(
                    "dropout probability %s must be from 0 to less than 1".formatted(probability));
        }
    }

    /** The mask of one of many tensors that share a seed. */
    public static DropoutMask of(double probability, long seed, int tensor) {
        return new DropoutMask(probability, SplitMix64.output(seed, tensor));
    }

    /**
     * Whether an element stays.
     *
     * @param index row-major in the tensor
     */
    public boolean keeps(long index) {
        return (SplitMix64.output(seed, index) >>> 11) * 0x1p-53 >= probability;
    }

    /** What a kept element is multiplied by. */
    public double scale() {
        return 1 / (1 - probability);
    }
}
