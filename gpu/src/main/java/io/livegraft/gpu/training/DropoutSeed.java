package io.livegraft.gpu.training;

/**
 * Seeds of dropout masks, by counting instead of drawing: which sequences share a slice, or a cycle, doesn't show in them.
 *
 * <pre>{@code
 *   seed(training, step, index) = mix(mix(training, step), index)
 * }</pre>
 *
 * The mix is SplitMix64's (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
 */
final class DropoutSeed {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private DropoutSeed() {}

    /** @param index of a sequence in its step */
    static long of(long training, long step, int index) {
        return mix(mix(training, step), index);
    }

    private static long mix(long seed, long counter) {
        long z = seed + (counter + 1) * GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
