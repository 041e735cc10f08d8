package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * One task's loss, term by term: each input is one, and gets its gradient in one slice.
 *
 * <pre>{@code
 *   loss = (1/n) Σ_inputs f(u)          d loss / d log p[s] = sign[s] · f'(u) / n
 *   u = Σ_s sign[s] · ( log p[s] − reference[s] )          sign = +1; −1 for a rejected completion
 * }</pre>
 *
 * n is the number of inputs of the whole step, for {@link Sft} that of its target tokens; its reference is 0.
 */
final class LossTerms {
    private final LossTask task;
    private final List<Term> terms = new ArrayList<>();
    private final double[] reference;
    private final double baseline;
    private final LossStatistics statistics;
    private final double divisor;
    private final double[] logRatios;
    private double sum;

    /**
     * @param sequences of all inputs, in order
     * @param reference their scores by the reference
     * @param baseline z or δ, for the losses that have one
     * @param statistics for the next step
     */
    LossTerms(
            LossTask task,
            List<ScoredSequence> sequences,
            double[] reference,
            double baseline,
            LossStatistics statistics) {
        this.task = task;
        this.reference = reference;
        this.baseline = baseline;
        this.statistics = statistics;
        this.divisor =
                task.loss() instanceof Sft ? targetTokens() : task.inputs().size();
        this.logRatios = new double[sequences.size()];
        for (TrainingInput input : task.inputs()) {
            int first = terms.isEmpty() ? 0 : terms.getLast().end();
            terms.add(new Term(
                    input,
                    first,
                    sequences.subList(first, first + input.sequences().size())));
        }
    }

    List<Term> terms() {
        return terms;
    }

    /** After all terms were completed. */
    LossReport report() {
        Optional<RewardMetrics> rewards =
                switch (task.loss()) {
                    case Sft _ -> Optional.empty();
                    case PreferenceLoss loss ->
                        Optional.of(RewardMetrics.of(loss, task.inputs(), logRatios, baselineReward(loss)));
                };
        return new LossReport(sum / divisor, targetTokens(), rewards, statistics);
    }

    private OptionalDouble baselineReward(PreferenceLoss loss) {
        return switch (loss) {
            case Dpo _ -> OptionalDouble.empty();
            case Kto kto -> OptionalDouble.of(kto.beta() * baseline);
            case Bco _ -> OptionalDouble.of(baseline);
            case ApoZero _ -> OptionalDouble.of(0);
        };
    }

    private long targetTokens() {
        return task.inputs().stream().mapToLong(TrainingInput::targetTokens).sum();
    }

    private LossTerm at(double argument, boolean desirable) {
        return switch (task.loss()) {
            case Sft sft -> sft.term(argument);
            case Dpo dpo -> dpo.term(argument);
            case Kto kto -> kto.term(argument, desirable, baseline);
            case Bco bco -> bco.term(argument, desirable, baseline);
            case ApoZero apoZero -> apoZero.term(argument, desirable);
        };
    }

    /** One input. */
    final class Term {
        private final TrainingInput input;
        private final int first;
        private final List<ScoredSequence> sequences;

        private Term(TrainingInput input, int first, List<ScoredSequence> sequences) {
            this.input = input;
            this.first = first;
            this.sequences = sequences;
        }

        List<ScoredSequence> sequences() {
            return sequences;
        }

        int tokens() {
            return input.tokens();
        }

        /** What each log-probability weighs in the gradient; they aren't asked for where the slope is known without. */
        double[] coefficients(Supplier<double[]> logProbabilities) {
            double argument = task.loss() instanceof Sft ? 0 : argument(logProbabilities.get());
            double slope = at(argument, input.desirable(0)).slope() / divisor;
            return sequences.size() == 1 ? new double[] {slope} : new double[] {slope, -slope};
        }

        /** Adds this term to the loss; terms are completed in order. */
        void complete(double[] logProbabilities) {
            for (int s = 0; s < logProbabilities.length; s++) {
                logRatios[first + s] = logProbabilities[s] - reference[first + s];
            }
            sum += at(argument(logProbabilities), input.desirable(0)).value();
        }

        private double argument(double[] logProbabilities) {
            double chosen = logProbabilities[0] - reference[first];
            return sequences.size() == 1 ? chosen : chosen - (logProbabilities[1] - reference[first + 1]);
        }

        private int end() {
            return first + sequences.size();
        }
    }
}
