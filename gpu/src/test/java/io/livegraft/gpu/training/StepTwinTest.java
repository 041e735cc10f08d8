package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.tensor.ParameterLayout.Entry;
import io.livegraft.gpu.training.TinyTraining.Arena;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A backend against the reference in whole training steps of every family. */
class StepTwinTest {
    /** Of a gradient, relative to its tensor's largest element: what float32 rounding makes of a whole step. */
    private static final double TOLERANCE = 2e-5;

    private static final Optional<LoraConfig> LORA = Optional.of(TinyModel.LORA.withDropout(0.3));
    private static final Loss LOSS = new Kto(0.1, 1.2, 0.8);

    private final ReferenceBackend reference = new ReferenceBackend();
    private final Backend twin = twin();

    /** What is held to the reference. */
    Backend twin() {
        return new VectorBackend(2);
    }

    /** Whether it makes use of a permission to round. */
    boolean rounds() {
        return false;
    }

    @AfterEach
    void close() {
        twin.close();
    }

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.TinyFamily#all")
    void everyOperationOfAStepAgreesOnTheValuesThatAStepReallyHas(TinyFamily family) {
        TinyTraining training = training(new TwinBackend(reference, twin, rounds()).both(), family);
        assertTrue(training.backward().loss() > 0);
    }

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.TinyFamily#all")
    void theGradientsOfAWholeStepAgree(TinyFamily family) {
        TinyTraining exact = training(reference, family);
        TinyTraining fast = training(twin, family);
        assertEquals(exact.backward().loss(), fast.backward().loss(), 1e-6);
        for (int i = 0; i < exact.trained().size(); i++) {
            assertTwins(exact.trained().get(i), fast.trained().get(i));
        }
    }

    private static TinyTraining training(Backend backend, TinyFamily family) {
        return TinyTraining.ofWeights(backend, family.config(), LORA, LOSS, GradientCheckpointing.FULL);
    }

    private void assertTwins(Arena exact, Arena fast) {
        float[] actual = new float[fast.layout().size()];
        twin.download(actual, fast.gradients());
        for (Entry entry : exact.layout().entries()) {
            double largest = 0;
            double difference = 0;
            for (int i = entry.offset(); i < entry.offset() + entry.size(); i++) {
                double expected = reference.get(exact.gradients(), i);
                largest = Math.max(largest, Math.abs(expected));
                difference = Math.max(difference, Math.abs(expected - actual[i]));
            }
            assertTrue(difference <= TOLERANCE * largest, entry.name() + " differs by " + difference / largest);
        }
    }
}
