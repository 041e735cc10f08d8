package io.livegraft.actors.trainer;

import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.LossKind;
import io.livegraft.gpu.training.TrainingExample;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/** Small settings and examples that tell their number. */
final class TestingSteps {
    private static final List<LossKind> LOSSES = List.of(LossKind.values());

    private TestingSteps() {}

    static StepSettings settings() {
        return settings(LossSettings.SFT);
    }

    static StepSettings settings(LossSettings loss) {
        return new StepSettings(4, 1000, 200, 2, 6, 40, 5, 64, 2, 3, 150, 100, 2, 17, loss);
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

    static Lesson lesson(int number) {
        return Lesson.better(example(number));
    }

    /** As an event with this label has it. */
    static Lesson lesson(Label label, int number) {
        TrainingExample worse = new TrainingExample(new int[] {number, number + 2, number + 1}, 1);
        return switch (label) {
            case EXAMPLE, ACCEPTED -> lesson(number);
            case REJECTED -> Lesson.worse(worse);
            case CORRECTION, PREFERENCE -> Lesson.pair(example(number), worse);
        };
    }

    /** What every answer of it begins with. */
    static int number(Lesson lesson) {
        return lesson.better().or(lesson::worse).orElseThrow().tokens()[0];
    }

    /** One that a log may configure. */
    static LossKind loss(Random random) {
        return LOSSES.get(random.nextInt(LOSSES.size()));
    }

    static List<String> print(List<Lesson> lessons) {
        return lessons.stream()
                .map(lesson -> lesson.better().map(TestingSteps::print).orElse("")
                        + lesson.worse().map(worse -> " not " + print(worse)).orElse(""))
                .toList();
    }

    private static String print(TrainingExample example) {
        return Arrays.toString(example.tokens()) + "/" + example.firstTarget();
    }
}
