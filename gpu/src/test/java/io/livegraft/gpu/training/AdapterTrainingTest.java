package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AdapterTrainingTest {
    private static final OptimizerSettings ADAM = new OptimizerSettings(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 2);

    @Test
    void howAStepIsSlicedDoesNotShowInASingleBit() {
        TrainingState whole = steps(2, 1_000, TinyModel.examples());
        TrainingState perExample = steps(1, 1, TinyModel.examples());
        assertSameBits(whole, perExample);
    }

    @Test
    void theNumberOfThreadsDoesNotShowInASingleBit() {
        assertSameBits(steps(1, 64, TinyModel.examples()), steps(3, 64, TinyModel.examples()));
    }

    @Test
    void anotherExampleOrOrderDoesShow() {
        List<TrainingExample> examples = TinyModel.examples();
        float[] first = steps(1, 64, examples).adapter().values();
        assertFalse(Arrays.equals(
                first, steps(1, 64, examples.subList(0, 2)).adapter().values()));
        assertFalse(
                Arrays.equals(first, steps(1, 64, examples.reversed()).adapter().values()));
    }

    @Test
    void lossIsWeightedByTokensOverTheWholeStepNotByExamples() {
        try (Backend backend = new VectorBackend(1)) {
            Transformer transformer = TinyModel.transformer(backend);
            List<TrainingExample> examples = TinyModel.examples();
            double sum = 0;
            long tokens = 0;
            for (TrainingExample example : examples) {
                StepResult alone = step(backend, transformer, initial(), List.of(example), 1_000);
                sum += alone.loss() * alone.targetTokens();
                tokens += alone.targetTokens();
            }
            StepResult together = step(backend, transformer, initial(), examples, 1_000);
            assertEquals(tokens, together.targetTokens());
            assertEquals(sum / tokens, together.loss(), 1e-9);
        }
    }

    @Test
    void manyStepsLearnTheExamples() {
        try (Backend backend = new VectorBackend(1)) {
            Transformer transformer = TinyModel.transformer(backend);
            StepResult result = step(backend, transformer, initial(), TinyModel.examples(), 64);
            double before = result.loss();
            for (int i = 0; i < 60; i++) {
                result = step(backend, transformer, result.state(), TinyModel.examples(), 64);
            }
            assertEquals(61, result.state().step());
            assertTrue(result.loss() < 0.5 * before, before + " -> " + result.loss());
        }
    }

    @Test
    void warmupGrowsTheRateLinearlyAndThenKeepsIt() {
        OptimizerSettings settings = new OptimizerSettings(0.4, 0.9, 0.999, 1e-8, 0, 0, 4);
        double[] rates = Stream.of(0, 1, 2, 3, 4, 9)
                .mapToDouble(settings::learningRateAt)
                .toArray();
        assertArrayEquals(new double[] {0.1, 0.2, 0.3, 0.4, 0.4, 0.4}, rates, 1e-12);
    }

    @Test
    void theRateScalesWithTheBasesWidthAndStaysAtTwoThousand() {
        OptimizerSettings settings = new OptimizerSettings(5e-4, 0.9, 0.999, 1e-8, 0, 0, 4);
        assertEquals(5e-4, settings.scaledTo(2000).learningRate(), 1e-12);
        assertEquals(3.117e-3, settings.scaledTo(192).learningRate(), 1e-6);
        assertEquals(4, settings.scaledTo(192).schedule().warmupSteps());
    }

    private static TrainingState steps(int threads, int sliceTokens, List<TrainingExample> examples) {
        try (Backend backend = new VectorBackend(threads)) {
            Transformer transformer = TinyModel.transformer(backend);
            TrainingState state = initial();
            for (int i = 0; i < 3; i++) {
                state = step(backend, transformer, state, examples, sliceTokens).state();
            }
            return state;
        }
    }

    private static StepResult step(
            Backend backend, Transformer transformer, TrainingState state, List<TrainingExample> examples, int slice) {
        return new AdapterTraining(backend, transformer, StepPlan.supervised(state, examples, ADAM, 1), slice).finish();
    }

    private static TrainingState initial() {
        return TrainingState.initial(LoraAdapter.initial(TinyModel.LORA, TinyModel.CONFIG, 9));
    }

    private static void assertSameBits(TrainingState expected, TrainingState actual) {
        assertArrayEquals(expected.adapter().values(), actual.adapter().values(), 0f);
        Moments.Float32 before = assertInstanceOf(Moments.Float32.class, expected.moments());
        Moments.Float32 after = assertInstanceOf(Moments.Float32.class, actual.moments());
        assertArrayEquals(before.first(), after.first(), 0f);
        assertArrayEquals(before.second(), after.second(), 0f);
    }
}
