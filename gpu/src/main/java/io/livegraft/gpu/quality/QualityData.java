package io.livegraft.gpu.quality;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Rows to train on, rows to measure with, and the answers to choose from.
 *
 * @param heldOut never trained on
 * @param labels every completion there is, if they are few enough to score each; else empty, and there is no accuracy
 */
public record QualityData(List<Sample> training, List<Sample> heldOut, List<String> labels) {
    public QualityData {
        training = List.copyOf(training);
        heldOut = List.copyOf(heldOut);
        labels = List.copyOf(labels);
        if (training.isEmpty() || heldOut.isEmpty()) {
            throw new IllegalArgumentException("%d training rows and %d held-out rows: both must be at least 1"
                    .formatted(training.size(), heldOut.size()));
        }
    }

    /**
     * Shuffles, always in the same way, and splits.
     *
     * @param rows most rows to train on
     * @param heldOutRows rows to measure with; fewer than there are in all
     * @param mostLabels more distinct completions than this are no labels
     */
    public static QualityData split(List<Sample> samples, int rows, int heldOutRows, int mostLabels) {
        if (samples.size() <= heldOutRows) {
            throw new IllegalArgumentException(
                    "the data has %d rows, but %d are to be held out and at least one trained on"
                            .formatted(samples.size(), heldOutRows));
        }
        List<Sample> shuffled = new ArrayList<>(samples);
        Collections.shuffle(shuffled, new Random(1));
        List<String> completions =
                samples.stream().map(Sample::completion).distinct().sorted().toList();
        return new QualityData(
                shuffled.subList(heldOutRows, Math.min(heldOutRows + rows, shuffled.size())),
                shuffled.subList(0, heldOutRows),
                completions.size() > 1 && completions.size() <= mostLabels ? completions : List.of());
    }
}
