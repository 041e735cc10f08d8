package io.livegraft.actors.bench;

import io.livegraft.gpu.quality.Machine;
import java.util.List;

/**
 * What training beside answers costs them, and what is left of it.
 *
 * @param streams answers that are made at once, all the time
 * @param stepTokens tokens of each training step
 * @param sliceTokens most tokens of a training slice
 * @param alone answers without training
 * @param trainingAloneTokensPerSecond training without answers
 * @param beside both, at each share of the device's time that training may take
 */
public record CoserveReport(
        Machine machine,
        int streams,
        int stepTokens,
        int sliceTokens,
        Run alone,
        double trainingAloneTokensPerSecond,
        List<Run> beside) {

    /**
     * One way to share the device.
     *
     * @param share of the time for training; 0 without it
     * @param tokensPerSecond of all answers
     * @param medianMillis between two tokens of an answer, as the next two
     * @param trainedTokensPerSecond of the steps that were finished
     */
    public record Run(
            double share,
            double tokensPerSecond,
            double medianMillis,
            double p90Millis,
            double p99Millis,
            double trainedTokensPerSecond) {}
}
