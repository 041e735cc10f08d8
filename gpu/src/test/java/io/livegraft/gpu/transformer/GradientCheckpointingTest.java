package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.training.LossPass;
import io.livegraft.gpu.training.LossTask;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingInput;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradientCheckpointingTest {
    private final Backend backend = new VectorBackend(2);

    @AfterEach
    void close() {
        backend.close();
    }

    static Stream<TinyFamily> families() {
        return TinyFamily.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyGradientHasTheBitsOfAPassThatKeepsEverything(TinyFamily family) {
        List<TrainingExample> examples = TinyModel.examples();
        Gradients expected = gradients(family, GradientCheckpointing.NONE, examples);
        for (GradientCheckpointing checkpointing : GradientCheckpointing.values()) {
            Gradients actual = gradients(family, checkpointing, examples);
            assertEquals(expected.loss(), actual.loss());
            assertArrayEquals(expected.adapter(), actual.adapter(), 0f);
            assertArrayEquals(expected.base(), actual.base(), 0f);
            Gradients fewer = gradients(family, checkpointing, examples.subList(0, 2));
            assertFalse(Arrays.equals(expected.adapter(), fewer.adapter()), "other examples must show");
            assertFalse(Arrays.equals(expected.base(), fewer.base()), "other examples must show");
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void aPolicyHoldsAsManyBytesAsItSays(TinyFamily family) {
        ModelConfig c = family.config();
        int tokens = 6;
        int q = c.heads() * c.headDim();
        int kv = c.kvHeads() * c.headDim();
        int norms = c.traits().queryKeyNorm() ? (c.heads() + c.kvHeads()) * (c.headDim() + 1) : 0;
        int full = c.hiddenSize();
        int partial = 3 * c.hiddenSize() + 2 * q + 2 * kv + norms + 1;
        int none = 4 * c.hiddenSize() + 2 * q + 2 * kv + norms + 3 * c.intermediateSize() + 2;
        int ends = 2 * c.hiddenSize() + 1;
        assertEquals(4L * tokens * (c.layers() * full + ends), bytes(family, GradientCheckpointing.FULL, tokens));
        assertEquals(4L * tokens * (c.layers() * partial + ends), bytes(family, GradientCheckpointing.PARTIAL, tokens));
        assertEquals(4L * tokens * (c.layers() * none + ends), bytes(family, GradientCheckpointing.NONE, tokens));
    }

    private long bytes(TinyFamily family, GradientCheckpointing checkpointing, int tokens) {
        Segment segment = Segment.whole(new int[tokens], Optional.empty(), OptionalLong.empty());
        return transformer(family, checkpointing, gradientArena(family))
                .record(List.of(segment))
                .bytes();
    }

    private record Gradients(double loss, float[] adapter, float[] base) {}

    private Gradients gradients(
            TinyFamily family, GradientCheckpointing checkpointing, List<TrainingExample> examples) {
        Tensor base = gradientArena(family);
        AdapterTensors adapter = AdapterTensors.forTraining(backend, family.adapter(5));
        Transformer transformer = transformer(family, checkpointing, base);
        LossTask task = LossTask.first(TrainingInput.supervised(examples), new Sft(), Optional.of(adapter));
        double loss = new LossPass(backend, transformer, transformer, List.of(task), 64)
                .finish()
                .getFirst()
                .loss();
        return new Gradients(loss, download(adapter.gradients().orElseThrow()), download(base));
    }

    private Tensor gradientArena(TinyFamily family) {
        return backend.allocate(1, TransformerWeights.layout(family.config()).size());
    }

    private Transformer transformer(TinyFamily family, GradientCheckpointing checkpointing, Tensor gradients) {
        float[] weights = family.weights(3);
        Tensor values = backend.upload(weights, 1, weights.length);
        return new Transformer(
                backend, TransformerWeights.trained(backend, family.config(), values, gradients), checkpointing);
    }

    private float[] download(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
