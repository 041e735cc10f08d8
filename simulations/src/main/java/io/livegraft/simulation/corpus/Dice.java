package io.livegraft.simulation.corpus;

import java.util.List;

/** SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), written out so that a seed means the same bytes on every JDK. */
final class Dice {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private long state;

    private Dice(long state) {
        this.state = state;
    }

    /** The stream of conversation {@code index}: independent of how many others are made. */
    static Dice of(long seed, long index) {
        return new Dice(new Dice(seed).next() ^ new Dice(~index).next());
    }

    private long next() {
        state += GOLDEN;
        long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** A number in [0, bound); the bias of the remainder is below 2^-40 for the bounds used here. */
    int below(int bound) {
        return (int) Long.remainderUnsigned(next(), bound);
    }

    boolean percent(int chance) {
        return below(100) < chance;
    }

    <T> T pick(List<T> choices) {
        return choices.get(below(choices.size()));
    }
}
