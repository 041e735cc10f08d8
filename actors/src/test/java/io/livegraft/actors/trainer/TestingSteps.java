package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.TrainingExample;
import java.util.Arrays;
import java.util.List;

/** Small settings and examples that tell their number. */
final class TestingSteps {
    private TestingSteps() {}

    static StepSettings settings() {
        return new StepSettings(4, 1000, 200, 2, 6, 40, 5, 64, 2, 3, 150, 100, 2, 17);
    }

    static TrainingExample example(int number) {
        return new TrainingExample(new int[] {number, number + 1, number + 2}, 1);
    }

    static List<String> print(List<TrainingExample> examples) {
        return examples.stream()
                .map(example -> Arrays.toString(example.tokens()) + "/" + example.firstTarget())
                .toList();
    }
}
