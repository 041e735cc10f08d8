package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FullTrainingTest {
    private static final OptimizerSettings ADAM = new OptimizerSettings(1e-2, 0.9, 0.95, 1e-8, 0.1, 1, 0);

    @Test
    void trainingFromScratchLearnsAndTheSameSeedMakesTheSameBits() {
        try (Backend one = new VectorBackend(1);
                Backend two = new VectorBackend(2)) {
            FullTraining first = FullTraining.fromScratch(one, TinyModel.CONFIG, 4, GradientCheckpointing.NONE);
            FullTraining second = FullTraining.fromScratch(two, TinyModel.CONFIG, 4, GradientCheckpointing.NONE);
            double before = first.evaluate(TinyModel.examples(), 64);
            for (int i = 0; i < 40; i++) {
                first.step(TinyModel.examples(), ADAM, 64);
                second.step(TinyModel.examples(), ADAM, 64);
            }
            double after = first.evaluate(TinyModel.examples(), 64);
            assertTrue(after < 0.5 * before, before + " -> " + after);
            assertEquals(first.tensors().keySet(), second.tensors().keySet());
            Iterator<HostTensor> others = second.tensors().values().iterator();
            for (HostTensor tensor : first.tensors().values()) {
                assertArrayEquals(tensor.values(), others.next().values(), 0f);
            }
        }
    }

    static Stream<TinyFamily> families() {
        return TinyFamily.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyTensorOfTheCheckpointHasTheShapeThatHuggingFaceExpectsAndIsTrained(TinyFamily family) {
        try (Backend backend = new VectorBackend(1)) {
            FullTraining training = FullTraining.fromScratch(backend, family.config(), 4, GradientCheckpointing.NONE);
            Map<String, List<Integer>> shapes = new TreeMap<>();
            training.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
            assertEquals(new TreeMap<>(ModelDirectory.expectedTensors(family.config())), shapes);
            Map<String, String> before = values(training);
            training.step(TinyModel.examples(), ADAM, 64);
            Map<String, String> after = values(training);
            before.forEach((name, values) -> assertNotEquals(values, after.get(name), name));
        }
    }

    private static Map<String, String> values(FullTraining training) {
        Map<String, String> values = new TreeMap<>();
        training.tensors().forEach((name, tensor) -> values.put(name, Arrays.toString(tensor.values())));
        return values;
    }

    @Test
    void normsBeginAtOneAndBiasesAtZero() {
        try (Backend backend = new VectorBackend(1)) {
            TinyFamily.all()
                    .forEach(family -> FullTraining.fromScratch(backend, family.config(), 4, GradientCheckpointing.NONE)
                            .tensors()
                            .forEach((name, tensor) -> {
                                if (tensor.shape().size() == 1) {
                                    float[] expected = new float[tensor.values().length];
                                    Arrays.fill(expected, name.endsWith(".bias") ? 0 : 1);
                                    assertArrayEquals(expected, tensor.values(), name);
                                }
                            }));
        }
    }
}
