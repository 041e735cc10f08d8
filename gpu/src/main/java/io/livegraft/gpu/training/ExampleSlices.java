package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;

/** Cuts examples, in order, into slices of a bounded number of tokens; a longer example is a slice of its own. */
final class ExampleSlices {
    private ExampleSlices() {}

    static List<List<TrainingExample>> cut(List<TrainingExample> examples, int maxTokens) {
        List<List<TrainingExample>> slices = new ArrayList<>();
        List<TrainingExample> current = new ArrayList<>();
        int tokens = 0;
        for (TrainingExample example : examples) {
            if (!current.isEmpty() && tokens + example.tokens().length > maxTokens) {
                slices.add(List.copyOf(current));
                current.clear();
                tokens = 0;
            }
            current.add(example);
            tokens += example.tokens().length;
        }
        if (!current.isEmpty()) {
            slices.add(List.copyOf(current));
        }
        return slices;
    }
}
