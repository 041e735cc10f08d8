package io.livegraft.gpu.training;

import io.livegraft.gpu.transformer.AdapterTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one task's loss wants to know before its gradient: the reference's scores, and those of the policy that enter its
 * statistics. All are taken with the weights that the step starts from and over the whole step, however it is sliced.
 */
final class LossScores {
    private final LossTask task;
    private final List<ScoredSequence> sequences;
    private final List<TrainingExample> mismatched;

    /** @param maxTokens what the base attends to */
    LossScores(LossTask task, int maxTokens) {
        this.task = task;
        this.sequences = sequences(task);
        this.mismatched = task.loss() instanceof Kto && task.inputs().size() > 1
                ? mismatched(task.inputs(), maxTokens)
                : List.of();
    }

    /** Every input's sequences in order, as the policy scores them in training. */
    private static List<ScoredSequence> sequences(LossTask task) {
        List<ScoredSequence> sequences = new ArrayList<>();
        for (TrainingInput input : task.inputs()) {
            for (TrainingExample example : input.sequences()) {
                long seed = DropoutSeed.of(task.dropoutSeed(), task.step(), sequences.size());
                sequences.add(new ScoredSequence(example, task.policy(), OptionalLong.of(seed)));
            }
        }
        return sequences;
    }

    /** Each prompt with the completion of the input before it, cut off where the base's attention ends. */
    private static List<TrainingExample> mismatched(List<TrainingInput> inputs, int maxTokens) {
        List<TrainingExample> examples =
                inputs.stream().flatMap(input -> input.sequences().stream()).toList();
        return IntStream.range(0, examples.size())
                .mapToObj(i -> {
                    TrainingExample prompt = examples.get(i);
                    TrainingExample completion = examples.get(Math.floorMod(i - 1, examples.size()));
                    int length = Math.min(maxTokens, prompt.firstTarget() + completion.targetTokens());
                    int[] tokens = Arrays.copyOf(prompt.tokens(), length);
                    System.arraycopy(
                            completion.tokens(),
                            completion.firstTarget(),
                            tokens,
                            prompt.firstTarget(),
                            length - prompt.firstTarget());
                    return new TrainingExample(tokens, prompt.firstTarget());
                })
                .toList();
    }

    /** To be scored by the reference. */
    List<ScoredSequence> reference() {
        return switch (task.loss()) {
            case Sft() -> List.of();
            case PreferenceLoss _ ->
                Stream.concat(sequences.stream().map(ScoredSequence::example), mismatched.stream())
                        .map(example -> ScoredSequence.exact(example, task.reference()))
                        .toList();
        };
    }

    /** To be scored by the policy before any gradient. */
    List<ScoredSequence> policy() {
        return switch (task.loss()) {
            case Sft _, Dpo _, ApoZero _ -> List.of();
            case Kto _ -> exact(mismatched, task.policy());
            case Bco _ -> sequences;
        };
    }

    private static List<ScoredSequence> exact(List<TrainingExample> examples, Optional<AdapterTensors> adapter) {
        return examples.stream()
                .map(example -> ScoredSequence.exact(example, adapter))
                .toList();
    }

    /** With the scores of {@link #reference()} and {@link #policy()}, in their order. */
    LossTerms terms(double[] reference, double[] policy) {
        double[] own = Arrays.copyOf(reference, sequences.size());
        return switch (task.loss()) {
            case Sft _, Dpo _, ApoZero _ -> terms(own, 0, task.statistics());
            case Kto kto -> {
                double[] theirs = Arrays.copyOfRange(reference, own.length, reference.length);
                LossStatistics statistics = mismatched.isEmpty()
                        ? task.statistics()
                        : task.statistics().diverged(kto.divergence(difference(policy, theirs)));
                yield terms(own, statistics.divergence(), statistics);
            }
            case Bco bco -> {
                double[] rewards = DoubleStream.of(difference(policy, own))
                        .map(logRatio -> bco.beta() * logRatio)
                        .toArray();
                LossStatistics statistics = task.statistics().after(rewards);
                yield terms(own, statistics.meanReward(), statistics);
            }
        };
    }

    private LossTerms terms(double[] reference, double baseline, LossStatistics statistics) {
        return new LossTerms(task, sequences, reference, baseline, statistics);
    }

    private static double[] difference(double[] policy, double[] reference) {
        return IntStream.range(0, policy.length)
                .mapToDouble(i -> policy[i] - reference[i])
                .toArray();
    }
}
