package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.CentralDifferences;
import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.ParameterLayout.Entry;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.training.TinyTraining.Arena;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every trainable tensor of a two-layer model of each family, for each loss: the gradient of a training step is the slope of
 * its loss. The step runs as it does in production, on the reference backend.
 */
class GradientTest {
    private static final double TOLERANCE = 1e-4;
    private static final int ALL = Integer.MAX_VALUE;
    private static final int SOME = 4;

    private static final List<Loss> LOSSES = List.of(
            new Sft(),
            new Dpo(0.1, 0, false),
            new Dpo(0.1, 0.1, false),
            new Dpo(0.1, 0.1, true),
            new Kto(0.1, 1.2, 0.8),
            new Bco(0.1),
            new ApoZero(0.1));

    private final ReferenceBackend backend = new ReferenceBackend();

    @TestFactory
    Stream<DynamicTest> weightsAndAdaptersHaveTheSlopesOfEveryLossInEveryFamily() {
        return TinyFamily.allTiedAndUntied().flatMap(family -> LOSSES.stream()
                .map(loss -> DynamicTest.dynamicTest(
                        family + " " + loss,
                        () -> assertSlopes(training(family, Optional.of(TinyModel.LORA), loss), SOME))));
    }

    @Test
    void everySingleElementHasItsSlope() {
        assertSlopes(training(TinyFamily.LLAMA, Optional.of(TinyModel.LORA), new Sft()), ALL);
    }

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.TinyFamily#all")
    void fullTrainingHasTheSlopesOfTheLossInEveryFamily(TinyFamily family) {
        assertSlopes(training(family, Optional.empty(), new Sft()), SOME);
        assertSlopes(training(family, Optional.empty(), new Dpo(0.1, 0, false)), SOME);
    }

    @ParameterizedTest
    @EnumSource(GradientCheckpointing.class)
    void dropoutPatternsAndCheckpointingKeepTheSlopes(GradientCheckpointing checkpointing) {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>(Map.of("v_proj", 1));
        SequencedMap<String, Double> alphas = new LinkedHashMap<>(Map.of("layers.1.mlp.up_proj", 11.0));
        LoraConfig lora = TinyModel.LORA.withPatterns(ranks, alphas).withDropout(0.3);
        for (Loss loss : List.of(new Sft(), new Bco(0.1))) {
            assertSlopes(
                    TinyTraining.ofWeights(backend, TinyFamily.LLAMA.config(), Optional.of(lora), loss, checkpointing),
                    SOME);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void anAdapterOnAFrozenBaseHasTheSlopesInEveryPrecision(Precision precision, @TempDir Path directory) {
        ModelDirectory base = ModelDirectory.open(TinyQlora.base(directory, 8, 12, 16));
        TransformerWeights frozen = TransformerWeights.frozen(backend, base, precision);
        assertSlopes(TinyTraining.ofAdapter(backend, frozen, TinyModel.LORA, new Sft()), SOME);
    }

    @Test
    void aGradientThatIsATenthOfAPercentOffWouldBeSeen() {
        TinyTraining training = training(TinyFamily.LLAMA, Optional.of(TinyModel.LORA), new Sft());
        training.backward();
        DoubleSupplier loss = training.loss();
        for (Arena arena : training.trained()) {
            Entry wrong = arena.layout().entries().get(4);
            for (int i = wrong.offset(); i < wrong.offset() + wrong.size(); i++) {
                backend.set(arena.gradients(), i, 1.001 * backend.get(arena.gradients(), i));
            }
            new CentralDifferences(backend, loss, SOME)
                    .errors(arena.values(), arena.gradients(), arena.layout())
                    .forEach((tensor, error) ->
                            assertEquals(tensor.equals(wrong.name()), error > TOLERANCE, tensor + " " + error));
        }
    }

    /** Else nobody could tell whether a gradient flows through it. */
    @Test
    void theDivergenceOfKtoIsAboveZeroHere() {
        TinyTraining training = training(TinyFamily.LLAMA, Optional.of(TinyModel.LORA), new Kto(0.1, 1.2, 0.8));
        assertTrue(training.backward().rewards().orElseThrow().baseline().orElseThrow() > 0.03);
    }

    private TinyTraining training(TinyFamily family, Optional<LoraConfig> lora, Loss loss) {
        return TinyTraining.ofWeights(backend, family.config(), lora, loss, GradientCheckpointing.NONE);
    }

    private void assertSlopes(TinyTraining training, int elements) {
        DoubleSupplier loss = training.loss();
        assertEquals(loss.getAsDouble(), training.backward().loss(), 1e-12);
        for (Arena arena : training.trained()) {
            new CentralDifferences(backend, loss, elements)
                    .errors(arena.values(), arena.gradients(), arena.layout())
                    .forEach((tensor, error) -> assertTrue(error < TOLERANCE, tensor + " is off by " + error));
        }
    }
}
