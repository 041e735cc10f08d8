package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.LossPass;
import io.livegraft.gpu.training.LossTask;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingInput;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GradientCheckpointingTest {
    private final Backend backend = new VectorBackend(2);
    private final ParameterLayout layout = TransformerWeights.layout(TinyModel.CONFIG);

    @ParameterizedTest
    @EnumSource(GradientCheckpointing.class)
    void everyGradientHasTheBitsOfAPassThatKeepsEverything(GradientCheckpointing checkpointing) {
        Gradients expected = gradients(GradientCheckpointing.NONE, TinyModel.examples());
        Gradients actual = gradients(checkpointing, TinyModel.examples());
        assertEquals(expected.loss(), actual.loss());
        assertArrayEquals(expected.adapter(), actual.adapter(), 0f);
        assertArrayEquals(expected.base(), actual.base(), 0f);
        assertNotEquals(
                expected.adapter()[0],
                gradients(checkpointing, TinyModel.examples().subList(0, 2)).adapter()[0]);
    }

    @Test
    void aPolicyHoldsAsManyBytesAsItSays() {
        ModelConfig c = TinyModel.CONFIG;
        int tokens = 6;
        int q = c.heads() * c.headDim();
        int kv = c.kvHeads() * c.headDim();
        int full = c.hiddenSize();
        int partial = 3 * c.hiddenSize() + 2 * q + 2 * kv + 1;
        int none = 4 * c.hiddenSize() + 2 * q + 2 * kv + 3 * c.intermediateSize() + 2;
        int ends = 2 * c.hiddenSize() + 1;
        assertEquals(4L * tokens * (c.layers() * full + ends), bytes(GradientCheckpointing.FULL, tokens));
        assertEquals(4L * tokens * (c.layers() * partial + ends), bytes(GradientCheckpointing.PARTIAL, tokens));
        assertEquals(4L * tokens * (c.layers() * none + ends), bytes(GradientCheckpointing.NONE, tokens));
    }

    private long bytes(GradientCheckpointing checkpointing, int tokens) {
        Segment segment = Segment.whole(new int[tokens], Optional.empty(), OptionalLong.empty());
        return transformer(checkpointing, backend.allocate(1, layout.size()))
                .record(List.of(segment))
                .bytes();
    }

    private record Gradients(double loss, float[] adapter, float[] base) {}

    private Gradients gradients(GradientCheckpointing checkpointing, List<TrainingExample> examples) {
        Tensor base = backend.allocate(1, layout.size());
        AdapterTensors adapter = AdapterTensors.forTraining(backend, TinyModel.adapter(5));
        Transformer transformer = transformer(checkpointing, base);
        LossTask task = LossTask.first(TrainingInput.supervised(examples), new Sft(), Optional.of(adapter));
        double loss = new LossPass(backend, transformer, transformer, List.of(task), 64)
                .finish()
                .getFirst()
                .loss();
        return new Gradients(loss, download(adapter.gradients().orElseThrow()), download(base));
    }

    private Transformer transformer(GradientCheckpointing checkpointing, Tensor gradients) {
        Tensor values = backend.upload(TinyModel.weights(3), 1, layout.size());
        return new Transformer(
                backend, TransformerWeights.trained(backend, TinyModel.CONFIG, values, gradients), checkpointing);
    }

    private float[] download(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
