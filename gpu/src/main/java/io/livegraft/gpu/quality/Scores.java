package io.livegraft.gpu.quality;

import io.livegraft.gpu.training.TrainingExample;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** How well something predicts, told by the negative log-likelihoods it gives. */
final class Scores {
    /** Mean negative log-likelihood per target token of some examples, nats. */
    @FunctionalInterface
    interface Scorer {
        double meanNll(List<TrainingExample> examples);
    }

    private final Scorer scorer;

    Scores(Scorer scorer) {
        this.scorer = scorer;
    }

    double meanNll(List<TrainingExample> examples) {
        return scorer.meanNll(examples);
    }

    /** Of each example alone, in order. */
    List<Double> eachNll(List<TrainingExample> examples) {
        return examples.stream()
                .map(example -> scorer.meanNll(List.of(example)))
                .toList();
    }

    /** Share of choices whose right answer has the lowest total negative log-likelihood; empty where there is no choice. */
    Optional<Double> accuracy(List<Choice> choices) {
        if (choices.isEmpty()) {
            return Optional.empty();
        }
        long right = choices.stream().filter(this::right).count();
        return Optional.of((double) right / choices.size());
    }

    private boolean right(Choice choice) {
        List<TrainingExample> answers = choice.answers();
        double[] nll = answers.stream()
                .mapToDouble(answer -> scorer.meanNll(List.of(answer)) * answer.targetTokens())
                .toArray();
        return IntStream.range(0, nll.length).noneMatch(i -> i != choice.right() && nll[i] <= nll[choice.right()]);
    }

    /**
     * One prompt with each label as its completion.
     *
     * @param right index of the label that belongs to it
     */
    record Choice(List<TrainingExample> answers, int right) {}
}
