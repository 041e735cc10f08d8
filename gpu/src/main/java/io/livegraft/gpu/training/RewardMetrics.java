package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * How a step's rewards lay before it; a reward is β·lr, nats.
 *
 * @param desirable mean reward of chosen or desirable completions; absent where a step had none
 * @param undesirable mean reward of rejected or undesirable completions; absent where a step had none
 * @param accuracy share of pairs whose chosen completion has the larger reward, or of labelled completions whose reward lies
 *     on their label's side of the baseline
 * @param baseline what a reward is compared with: β·z for KTO, δ for BCO, 0 for APO-zero; absent for pairs
 */
public record RewardMetrics(
        OptionalDouble desirable, OptionalDouble undesirable, double accuracy, OptionalDouble baseline) {
    /** How far apart the two kinds are; absent where a step had only one. */
    public OptionalDouble margin() {
        return desirable.isPresent() && undesirable.isPresent()
                ? OptionalDouble.of(desirable.getAsDouble() - undesirable.getAsDouble())
                : OptionalDouble.empty();
    }

    /** @param logRatios of all sequences of all inputs, in order */
    static RewardMetrics of(
            PreferenceLoss loss, List<TrainingInput> inputs, double[] logRatios, OptionalDouble baseline) {
        List<Boolean> desirable = new ArrayList<>();
        for (TrainingInput input : inputs) {
            for (int i = 0; i < input.sequences().size(); i++) {
                desirable.add(input.desirable(i));
            }
        }
        return new RewardMetrics(
                mean(loss, logRatios, desirable, true),
                mean(loss, logRatios, desirable, false),
                accuracy(loss, logRatios, desirable, baseline),
                baseline);
    }

    private static OptionalDouble mean(
            PreferenceLoss loss, double[] logRatios, List<Boolean> desirable, boolean which) {
        return IntStream.range(0, logRatios.length)
                .filter(i -> desirable.get(i) == which)
                .mapToDouble(i -> loss.beta() * logRatios[i])
                .average();
    }

    private static double accuracy(
            PreferenceLoss loss, double[] logRatios, List<Boolean> desirable, OptionalDouble baseline) {
        if (baseline.isEmpty()) {
            int pairs = logRatios.length / 2;
            long right = IntStream.range(0, pairs)
                    .filter(pair -> logRatios[2 * pair] > logRatios[2 * pair + 1])
                    .count();
            return (double) right / pairs;
        }
        long right = IntStream.range(0, logRatios.length)
                .filter(i -> (loss.beta() * logRatios[i] > baseline.getAsDouble()) == desirable.get(i))
                .count();
        return (double) right / logRatios.length;
    }
}
