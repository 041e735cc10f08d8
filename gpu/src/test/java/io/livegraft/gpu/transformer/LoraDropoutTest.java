package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Dropout before A, with the loss {@code ½ Σ (hidden − target)²}, which the reference sums in double. */
class LoraDropoutTest {
    private static final int[][] SEQUENCES = {{1, 5, 9, 12, 30, 2}, {1, 7, 7, 3, 8, 11, 29, 4, 2}, {1, 17, 2}};
    private static final LoraConfig CONFIG = TinyModel.LORA.withDropout(0.3);

    @Test
    void everyGradientIsTheSlopeOfTheLossUnderTheSameMask() {
        Model model = new Model(new ReferenceBackend(), GradientCheckpointing.NONE);
        LoraAdapter adapter = adapter(CONFIG);
        float[] gradient = model.gradients(adapter, true);
        Random random = new Random(21);
        for (ParameterLayout.Entry entry : adapter.layout().entries()) {
            for (int sample = 0; sample < 4; sample++) {
                int index = entry.offset() + random.nextInt(entry.size());
                double slope = slope(model, adapter, index);
                assertEquals(slope, gradient[index], 1e-4 * Math.abs(slope) + 1e-6, entry.name());
            }
        }
    }

    private static double slope(Model model, LoraAdapter adapter, int index) {
        float[] above = adapter.values().clone();
        float[] below = adapter.values().clone();
        above[index] += 0x1p-12f;
        below[index] -= 0x1p-12f;
        return (model.loss(adapter.withValues(above)) - model.loss(adapter.withValues(below)))
                / ((double) above[index] - below[index]);
    }

    @Test
    void neitherThreadsNorBatchesNorCheckpointingChangeABit() {
        float[] expected = new Model(new VectorBackend(1), GradientCheckpointing.NONE).gradients(adapter(CONFIG), true);
        for (int threads : new int[] {1, 2}) {
            for (GradientCheckpointing checkpointing : GradientCheckpointing.values()) {
                for (boolean together : new boolean[] {true, false}) {
                    float[] actual =
                            new Model(new VectorBackend(threads), checkpointing).gradients(adapter(CONFIG), together);
                    assertArrayEquals(expected, actual, 0f, threads + " " + checkpointing + " " + together);
                }
            }
        }
    }

    @Test
    void theMaskFollowsTheSeedOfTheSequence() {
        Model model = new Model(new VectorBackend(1), GradientCheckpointing.NONE);
        float[] hidden = model.hidden(adapter(CONFIG), OptionalLong.of(7));
        assertArrayEquals(hidden, model.hidden(adapter(CONFIG), OptionalLong.of(7)), 0f);
        assertTrue(!Arrays.equals(hidden, model.hidden(adapter(CONFIG), OptionalLong.of(8))));
    }

    @Test
    void withoutASeedNothingIsDropped() {
        Model model = new Model(new VectorBackend(1), GradientCheckpointing.NONE);
        float[] plain = model.hidden(adapter(TinyModel.LORA), OptionalLong.of(7));
        assertArrayEquals(plain, model.hidden(adapter(CONFIG), OptionalLong.empty()), 0f);
        assertTrue(!Arrays.equals(plain, model.hidden(adapter(CONFIG), OptionalLong.of(7))));
    }

    private static LoraAdapter adapter(LoraConfig config) {
        LoraAdapter initial = LoraAdapter.initial(config, TinyModel.CONFIG, 5);
        return initial.withValues(
                TinyModel.gaussian(new Random(5), initial.layout().size(), 0.2));
    }

    private static final class Model {
        private final Backend backend;
        private final Transformer transformer;

        Model(Backend backend, GradientCheckpointing checkpointing) {
            this.backend = backend;
            ParameterLayout layout = TransformerWeights.layout(TinyModel.CONFIG);
            Tensor values = backend.upload(TinyModel.weights(3), 1, layout.size());
            Tensor unused = backend.allocate(1, layout.size());
            this.transformer = new Transformer(
                    backend, TransformerWeights.trained(backend, TinyModel.CONFIG, values, unused), checkpointing);
        }

        float[] hidden(LoraAdapter adapter, OptionalLong seed) {
            AdapterTensors tensors = AdapterTensors.forServing(backend, adapter);
            return download(transformer
                    .infer(List.of(Segment.whole(SEQUENCES[0], Optional.of(tensors), seed)))
                    .hidden());
        }

        double loss(LoraAdapter adapter) {
            AdapterTensors tensors = AdapterTensors.forServing(backend, adapter);
            double loss = 0;
            for (int i = 0; i < SEQUENCES.length; i++) {
                Tensor difference =
                        transformer.infer(List.of(segment(i, tensors))).hidden();
                backend.add(difference, minusTarget(i));
                loss += backend.sumOfSquares(difference) / 2;
            }
            return loss;
        }

        float[] gradients(LoraAdapter adapter, boolean together) {
            AdapterTensors tensors = AdapterTensors.forTraining(backend, adapter);
            if (together) {
                backward(List.of(0, 1, 2), tensors);
            } else {
                List.of(0, 1, 2).forEach(one -> backward(List.of(one), tensors));
            }
            return download(tensors.gradients().orElseThrow());
        }

        private void backward(List<Integer> sequences, AdapterTensors tensors) {
            Transformer.Tape tape = transformer.record(
                    sequences.stream().map(i -> segment(i, tensors)).toList());
            Tensor d = backend.allocate(tape.hidden().rows(), tape.hidden().columns());
            backend.add(d, tape.hidden());
            for (int s = 0; s < sequences.size(); s++) {
                int sequence = sequences.get(s);
                backend.add(backend.rows(d, tape.start(s), SEQUENCES[sequence].length), minusTarget(sequence));
            }
            transformer.backward(tape, d);
        }

        private static Segment segment(int sequence, AdapterTensors tensors) {
            return Segment.whole(SEQUENCES[sequence], Optional.of(tensors), OptionalLong.of(100 + sequence));
        }

        private Tensor minusTarget(int sequence) {
            int rows = SEQUENCES[sequence].length;
            int columns = TinyModel.CONFIG.hiddenSize();
            return backend.upload(TinyModel.gaussian(new Random(sequence), rows * columns, 1), rows, columns);
        }

        private float[] download(Tensor tensor) {
            float[] values = new float[tensor.rows() * tensor.columns()];
            backend.download(values, tensor);
            return values;
        }
    }
}
