package io.livegraft.gpu.backend;

/**
 * Which elements of a tensor dropout keeps (Srivastava et al., JMLR 15, 2014), in the inverted form that leaves the mean as it
 * is. Element i's lot is output i of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) from the seed: nothing is remembered, so
 * that the backward pass and a recomputed forward pass find the same mask, on any number of threads and on any device.
 *
 * <pre>{@code
 *   keeps(i) = (z >>> 11) · 2⁻⁵³ ≥ probability        z = mix(seed + (i + 1)·γ)        scale = 1 / (1 − probability)
 * }</pre>
 *
 * @param probability of being dropped, in [0, 1)
 */
public record DropoutMask(double probability, long seed) {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    public DropoutMask {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException(
                    "dropout probability %s must be from 0 to less than 1".formatted(probability));
        }
    }

    /** The mask of one of many tensors that share a seed. */
    public static DropoutMask of(double probability, long seed, int tensor) {
        return new DropoutMask(probability, output(seed, tensor));
    }

    /**
     * Whether an element stays.
     *
     * @param index row-major in the tensor
     */
    public boolean keeps(long index) {
        return (output(seed, index) >>> 11) * 0x1p-53 >= probability;
    }

    /** What a kept element is multiplied by. */
    public double scale() {
        return 1 / (1 - probability);
    }

    private static long output(long seed, long index) {
        long z = seed + (index + 1) * GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
