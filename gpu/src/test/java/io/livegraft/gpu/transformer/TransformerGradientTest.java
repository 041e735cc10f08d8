package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.Evaluation;
import io.livegraft.gpu.training.LossPass;
import io.livegraft.gpu.training.LossTask;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingInput;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The whole backward pass against central differences of the whole forward pass, for every tensor. */
class TransformerGradientTest {
    private static final float STEP = 4e-3f;

    @Test
    void everyAdapterGradientIsTheSlopeOfTheLoss() {
        for (Backend backend : new Backend[] {new ReferenceBackend(), new VectorBackend(2)}) {
            Frozen model = new Frozen(backend);
            LoraAdapter adapter = TinyModel.adapter(5);
            AdapterTensors tensors = AdapterTensors.forTraining(backend, adapter);
            model.addGradients(tensors);
            float[] gradient = download(backend, tensors.gradients().orElseThrow());
            Random random = new Random(21);
            for (ParameterLayout.Entry entry : adapter.layout().entries()) {
                for (int sample = 0; sample < 4; sample++) {
                    int index = entry.offset() + random.nextInt(entry.size());
                    double slope =
                            (model.loss(shifted(adapter, index, STEP)) - model.loss(shifted(adapter, index, -STEP)))
                                    / (2 * STEP);
                    assertClose(slope, gradient[index], backend.profile() + " " + entry.name());
                }
            }
        }
    }

    @Test
    void everyWeightGradientIsTheSlopeOfTheLoss() {
        Backend backend = new VectorBackend(2);
        ParameterLayout layout = TransformerWeights.layout(TinyModel.CONFIG);
        Tensor values = backend.upload(TinyModel.weights(3), 1, layout.size());
        Tensor gradients = backend.allocate(1, layout.size());
        Transformer transformer =
                new Transformer(backend, TransformerWeights.trained(backend, TinyModel.CONFIG, values, gradients));
        addGradients(backend, transformer, Optional.empty());
        float[] gradient = download(backend, gradients);
        Random random = new Random(22);
        for (ParameterLayout.Entry entry : layout.entries()) {
            for (int sample = 0; sample < 4; sample++) {
                int index = entry.offset() + random.nextInt(entry.size());
                double slope = (trainedLoss(layout, index, STEP) - trainedLoss(layout, index, -STEP)) / (2 * STEP);
                assertClose(slope, gradient[index], entry.name());
            }
        }
    }

    @Test
    void aWrongGradientWouldBeSeen() {
        Backend backend = new VectorBackend(1);
        Frozen model = new Frozen(backend);
        LoraAdapter adapter = TinyModel.adapter(5);
        AdapterTensors tensors = AdapterTensors.forTraining(backend, adapter);
        model.addGradients(tensors);
        float[] gradient = download(backend, tensors.gradients().orElseThrow());
        int largest = 0;
        for (int i = 0; i < gradient.length; i++) {
            largest = Math.abs(gradient[i]) > Math.abs(gradient[largest]) ? i : largest;
        }
        double slope = (model.loss(shifted(adapter, largest, STEP)) - model.loss(shifted(adapter, largest, -STEP)))
                / (2 * STEP);
        assertTrue(
                Math.abs(slope - 1.1 * gradient[largest]) > tolerance(slope),
                "ten percent off must be outside of the tolerance");
    }

    private static double trainedLoss(ParameterLayout layout, int index, float shift) {
        Backend backend = new VectorBackend(1);
        float[] weights = TinyModel.weights(3);
        weights[index] += shift;
        Tensor values = backend.upload(weights, 1, layout.size());
        Transformer transformer = new Transformer(
                backend,
                TransformerWeights.trained(backend, TinyModel.CONFIG, values, backend.allocate(1, layout.size())));
        return loss(backend, transformer, Optional.empty());
    }

    private static void assertClose(double slope, double gradient, String name) {
        assertEquals(slope, gradient, tolerance(slope), name);
    }

    /** Float32 noise of the loss over the step, and the curvature that a finite step sees. */
    private static double tolerance(double slope) {
        return 4e-4 + 0.01 * Math.abs(slope);
    }

    private static double loss(Backend backend, Transformer transformer, Optional<AdapterTensors> adapter) {
        return new Evaluation(backend, transformer, adapter, TinyModel.examples(), 64).finish();
    }

    private static void addGradients(Backend backend, Transformer transformer, Optional<AdapterTensors> adapter) {
        LossTask task = LossTask.first(TrainingInput.supervised(TinyModel.examples()), new Sft(), adapter);
        new LossPass(backend, transformer, transformer, List.of(task), 64).finish();
    }

    private static LoraAdapter shifted(LoraAdapter adapter, int index, float shift) {
        float[] values = adapter.values().clone();
        values[index] += shift;
        return adapter.withValues(values);
    }

    private static float[] download(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    private static final class Frozen {
        private final Backend backend;
        private final Transformer transformer;

        Frozen(Backend backend) {
            this.backend = backend;
            ParameterLayout layout = TransformerWeights.layout(TinyModel.CONFIG);
            Tensor values = backend.upload(TinyModel.weights(3), 1, layout.size());
            Tensor unused = backend.allocate(1, layout.size());
            this.transformer =
                    new Transformer(backend, TransformerWeights.trained(backend, TinyModel.CONFIG, values, unused));
        }

        double loss(LoraAdapter adapter) {
            return TransformerGradientTest.loss(
                    backend, transformer, Optional.of(AdapterTensors.forServing(backend, adapter)));
        }

        void addGradients(AdapterTensors adapter) {
            TransformerGradientTest.addGradients(backend, transformer, Optional.of(adapter));
        }
    }
}
