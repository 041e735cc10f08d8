package io.livegraft.gpu;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.Random;

/** A model small enough for central differences, with awkward sizes; made here from seeds. */
public final class TinyModel {
    public static final ModelConfig CONFIG =
            new ModelConfig(20, 28, 2, 4, 2, 6, 31, 64, 1e-5f, 10_000, false, 1, List.of(2));
    public static final LoraConfig LORA = new LoraConfig(3, 6, false, LoraConfig.ALL_LINEAR);

    private TinyModel() {}

    /** Weights in {@code TransformerWeights.layout}, large enough for gradients that differences can see. */
    public static float[] weights(long seed) {
        ParameterLayout layout = TransformerWeights.layout(CONFIG);
        return gaussian(new Random(seed), layout.size(), 0.35);
    }

    /** A base that stays as it is. */
    public static Transformer transformer(Backend backend) {
        int size = TransformerWeights.layout(CONFIG).size();
        Tensor values = backend.upload(weights(3), 1, size);
        Tensor unused = backend.allocate(1, size);
        return new Transformer(backend, TransformerWeights.trained(backend, CONFIG, values, unused));
    }

    /** An adapter whose B is not zero, so that every gradient is alive. */
    public static LoraAdapter adapter(long seed) {
        LoraAdapter initial = LoraAdapter.initial(LORA, CONFIG, seed);
        return initial.withValues(gaussian(new Random(seed), initial.layout().size(), 0.2));
    }

    public static LoraAdapter withDropout(LoraAdapter adapter, double probability) {
        return LoraAdapter.initial(adapter.config().withDropout(probability), CONFIG, 0)
                .withValues(adapter.values());
    }

    public static List<TrainingExample> examples() {
        return List.of(
                new TrainingExample(new int[] {1, 5, 9, 12, 30, 2}, 3),
                new TrainingExample(new int[] {1, 7, 7, 3, 8, 11, 29, 4, 2}, 1),
                new TrainingExample(new int[] {1, 17, 2}, 2));
    }

    public static float[] gaussian(Random random, int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }
}
