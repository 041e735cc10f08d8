package io.livegraft.actors.batching;

/**
 * How much of the device's time training gets while answers are made: after a slice it waits until they had their part. A slice
 * that ran long is waited for longer; time in which nobody trained is not saved up.
 */
public final class TrainingShare {
    private final double share;
    /** What answers are owed before the next slice. */
    private double owedNanos;

    /** Above 0; at 1 a slice follows each turn. */
    public TrainingShare(double share) {
        this.share = share;
    }

    /** Whether a slice may run although answers are made. */
    public boolean open() {
        return owedNanos <= 0;
    }

    public void trained(long nanos) {
        owedNanos += nanos * (1 - share) / share;
    }

    public void served(long nanos) {
        owedNanos = Math.max(0, owedNanos - nanos);
    }
}
