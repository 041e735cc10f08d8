package io.livegraft.actors.trainer;

/**
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) with its whole state in
 * one long, so that it can be part of a checkpoint.
 */
final class RandomDraw {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    RandomDraw(long state) {
        this.state = state;
    }

    /** Uniform in 0..bound−1, up to a bias below bound / 2^63. */
    long below(long bound) {
        state += GOLDEN_GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return ((z ^ (z >>> 31)) >>> 1) % bound;
    }

    long state() {
        return state;
    }
}
