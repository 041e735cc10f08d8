package io.livegraft.actors.evaluation;

import io.livegraft.gpu.training.TrainingExample;
import java.util.List;

/**
 * Fixed examples that no version may forget, whatever its tenant teaches it. A small one is enough to see forgetting
 * ("GeRe", arXiv 2508.04676).
 *
 * @param digest SHA-256 of the text that they come from; empty without one
 */
public record GeneralSet(List<TrainingExample> examples, String digest) {
    /** Nothing that could be forgotten. */
    public static final GeneralSet NONE = new GeneralSet(List.of(), "");

    public GeneralSet {
        examples = List.copyOf(examples);
    }
}
