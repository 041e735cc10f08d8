package io.livegraft.actors.evaluation;

import io.livegraft.gpu.training.Bco;
import io.livegraft.gpu.training.Dpo;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Loss;
import io.livegraft.gpu.training.PreferenceLoss;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingInput;
import java.util.ArrayList;
import java.util.List;

/**
 * Lessons that adapters are measured on, by how unlikely what was said of the answers is to them, in nats.
 *
 * <pre>{@code
 *   sft             −log π(y|x), per target token
 *   dpo             −log σ(β (lr(x, better) − lr(x, worse))), per pair
 *   kto, apo        −log σ(±β lr(x, y)), per answer
 *   bco             −log σ(±(β lr(x, y) − δ)), per answer; δ = mean of β lr over the answers
 *   lr = log π(y|x) − log π_base(y|x), so that the base itself has log 2
 * }</pre>
 *
 * @param lessons those that the loss learns from
 */
public record EvaluationSet(List<Lesson> lessons, Loss loss) {
    public EvaluationSet {
        lessons = List.copyOf(lessons);
    }

    /** The latest lessons that the loss learns from, at most so many. */
    public static EvaluationSet latest(List<Lesson> lessons, Loss loss, int most) {
        List<Lesson> learned = lessons.stream()
                .flatMap(lesson -> lesson.learnedBy(loss).stream())
                .toList();
        return new EvaluationSet(learned.subList(Math.max(0, learned.size() - most), learned.size()), loss);
    }

    public int size() {
        return lessons.size();
    }

    /** What is to be scored, in order. */
    public List<TrainingExample> sequences() {
        return Lesson.inputs(lessons, loss).stream()
                .flatMap(input -> input.sequences().stream())
                .toList();
    }

    public long targetTokens() {
        return sequences().stream().mapToLong(TrainingExample::targetTokens).sum();
    }

    /**
     * The mean.
     *
     * @param scores of the sequences by an adapter, in their order
     * @param base of the same by the base alone
     */
    public double nll(List<Double> scores, List<Double> base) {
        return switch (loss) {
            case Sft _ -> -sum(scores) / targetTokens();
            case Bco bco -> labels(bco.beta(), mean(bco.beta(), scores, base), scores, base);
            case PreferenceLoss preference -> labels(preference.beta(), 0, scores, base);
        };
    }

    private static double mean(double beta, List<Double> scores, List<Double> base) {
        return beta * (sum(scores) - sum(base)) / scores.size();
    }

    private double labels(double beta, double delta, List<Double> scores, List<Double> base) {
        List<Double> nats = new ArrayList<>();
        int next = 0;
        for (TrainingInput input : Lesson.inputs(lessons, loss)) {
            double logRatio = scores.get(next) - base.get(next);
            nats.add(
                    switch (input) {
                        case TrainingInput.Preference pair ->
                            new Dpo(beta, 0, false)
                                    .term(logRatio - (scores.get(next + 1) - base.get(next + 1)))
                                    .value();
                        case TrainingInput.Labelled labelled ->
                            new Bco(beta)
                                    .term(logRatio, labelled.desirable(), delta)
                                    .value();
                        case TrainingInput.Supervised supervised ->
                            throw new IllegalStateException("preference losses don't take imitations");
                    });
            next += input.sequences().size();
        }
        return sum(nats) / nats.size();
    }

    private static double sum(List<Double> values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
