package io.livegraft.gpu.training;

/**
 * What losses remember from step to step: the mean reward of {@link Bco}, the divergence of {@link Kto}. Part of the training
 * state, so that a step stays a function of its inputs.
 *
 * @param meanReward mean of β·lr over all examples so far, nats; 0 before the first
 * @param examples how many there were
 * @param divergence z of the latest step that could tell it, nats; 0 before the first
 */
public record LossStatistics(double meanReward, long examples, double divergence) {
    /** Before the first step. */
    public static final LossStatistics NONE = new LossStatistics(0, 0, 0);

    /** After a step with these rewards, summed in their order. */
    public LossStatistics after(double[] rewards) {
        double difference = 0;
        for (double reward : rewards) {
            difference += reward - meanReward;
        }
        long count = examples + rewards.length;
        return count == 0 ? this : new LossStatistics(meanReward + difference / count, count, divergence);
    }

    /** After a step with this divergence. */
    public LossStatistics diverged(double z) {
        return new LossStatistics(meanReward, examples, z);
    }
}
