package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DropoutTrainingTest {
    private static final OptimizerSettings ADAM = new OptimizerSettings(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 2);
    private static final LoraConfig DROPPING = TinyModel.LORA.withDropout(0.2);
    private static final int STEPS = 3;

    @Test
    void stepsHaveOneResultHoweverTheyAreSlicedSharedAndRecomputed() {
        Backend single = new VectorBackend(1);
        float[] expected = train(single, transformer(single, GradientCheckpointing.NONE), 1_000, 7, 0);
        for (GradientCheckpointing checkpointing : GradientCheckpointing.values()) {
            Backend backend = new VectorBackend(2);
            for (int sliceTokens : new int[] {1, 1_000}) {
                for (int neighbours : new int[] {0, 3}) {
                    float[] actual = train(backend, transformer(backend, checkpointing), sliceTokens, 7, neighbours);
                    assertArrayEquals(expected, actual, 0f, checkpointing + " " + sliceTokens + " " + neighbours);
                }
            }
        }
    }

    @Test
    void theSeedOfTheTrainingMakesTheMasksAndEveryStepHasItsOwn() {
        Backend backend = new VectorBackend(1);
        Transformer transformer = transformer(backend, GradientCheckpointing.NONE);
        assertFalse(Arrays.equals(train(backend, transformer, 64, 7, 0), train(backend, transformer, 64, 8, 0)));
        TrainingState first = initial(DROPPING, 5);
        TrainingState second = new TrainingState(first.adapter(), first.moments(), first.statistics(), 1);
        assertFalse(gradientNorm(backend, transformer, first) == gradientNorm(backend, transformer, second));
        TrainingState plain = initial(TinyModel.LORA, 5);
        TrainingState later = new TrainingState(plain.adapter(), plain.moments(), plain.statistics(), 1);
        assertEquals(gradientNorm(backend, transformer, plain), gradientNorm(backend, transformer, later));
    }

    @Test
    void evaluationDropsNothing() {
        Backend backend = new VectorBackend(1);
        Transformer transformer = transformer(backend, GradientCheckpointing.NONE);
        assertEquals(evaluate(backend, transformer, TinyModel.LORA), evaluate(backend, transformer, DROPPING));
    }

    private static double evaluate(Backend backend, Transformer transformer, LoraConfig config) {
        LoraAdapter adapter = initial(config, 5).adapter();
        Optional<AdapterTensors> tensors = Optional.of(AdapterTensors.forServing(backend, adapter));
        return new Evaluation(backend, transformer, tensors, TinyModel.examples(), 64).finish();
    }

    private static double gradientNorm(Backend backend, Transformer transformer, TrainingState state) {
        StepPlan plan = StepPlan.supervised(state, TinyModel.examples(), ADAM, 7);
        return new AdapterTraining(backend, transformer, plan, 64).finish().gradientNorm();
    }

    /** Values of the adapter after some steps among neighbours that go first. */
    private static float[] train(Backend backend, Transformer transformer, int sliceTokens, long seed, int neighbours) {
        List<TrainingState> states = new ArrayList<>();
        for (int i = 0; i < neighbours; i++) {
            states.add(initial(DROPPING, 50 + i));
        }
        states.add(initial(DROPPING, 5));
        for (int step = 0; step < STEPS; step++) {
            List<StepPlan> plans = states.stream()
                    .map(state -> StepPlan.supervised(state, TinyModel.examples(), ADAM, seed))
                    .toList();
            states = new TrainingCycle(backend, transformer, plans, sliceTokens)
                    .finish().stream().map(StepResult::state).toList();
        }
        return states.getLast().adapter().values();
    }

    private static TrainingState initial(LoraConfig config, long seed) {
        LoraAdapter initial = LoraAdapter.initial(config, TinyModel.CONFIG, seed);
        return TrainingState.initial(initial.withValues(
                TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.2)));
    }

    private static Transformer transformer(Backend backend, GradientCheckpointing checkpointing) {
        int size = TransformerWeights.layout(TinyModel.CONFIG).size();
        Tensor values = backend.upload(TinyModel.weights(3), 1, size);
        Tensor unused = backend.allocate(1, size);
        return new Transformer(
                backend, TransformerWeights.trained(backend, TinyModel.CONFIG, values, unused), checkpointing);
    }
}
