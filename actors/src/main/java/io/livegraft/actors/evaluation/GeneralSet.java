package io.livegraft.actors.evaluation;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import java.util.List;

/**
 * Fixed examples that no version may forget, whatever its tenant teaches it. A small one is enough to see forgetting
 * ("GeRe", arXiv 2508.04676).
 *
 * @param digest SHA-256 of the text that they come from; empty without one
 */
public record GeneralSet(EvaluationSet examples, String digest) {
    /** Nothing that could be forgotten. */
    public static final GeneralSet NONE = of(List.of(), "");

    public static GeneralSet of(List<TrainingExample> examples, String digest) {
        return new GeneralSet(
                new EvaluationSet(examples.stream().map(Lesson::better).toList(), new Sft()), digest);
    }
}
