package io.livegraft.actors.trainer;

import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.training.TrainingExample;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Small settings and examples that tell their number. */
final class TestingSteps {
    private TestingSteps() {}

    static StepSettings settings() {
        return new StepSettings(4, 1000, 200, 2, 6, 40, 5, 64, 2, 3, 150, 100, 2, 17);
    }

    /** With the given parts, everything else small. */
    static TrainingBasis basis(
            StepSettings steps, LoraConfig lora, OptimizerSettings optimizer, ModelConfig model, String baseDigest) {
        TrainerSettings settings = new TrainerSettings(
                steps, lora, optimizer, false, OptionalInt.empty(), Duration.ZERO, 16, 3, Duration.ofSeconds(1));
        return new TrainingBasis(settings, model, "feedback", baseDigest, "config", "profile");
    }

    static OptimizerSettings optimizer() {
        return new OptimizerSettings(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 2);
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
