package io.livegraft.gpu.bench;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.Linear;
import io.livegraft.gpu.transformer.LinearKind;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.gpu.transformer.TransformerWeights.Layer;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A plain Llama of random weights, uniform with the variance that keeps activations level; the same bits for the same shape. One
 * matrix at a time is there in float32, so that a base needs little more memory than it keeps.
 */
final class RandomBase {
    private static final long SEED = 1;
    /** Elements that a thread makes at once. */
    private static final int STRETCH = 1 << 16;

    private final Backend backend;
    private final ModelConfig config;
    private final Precision precision;
    private long matrices;

    private RandomBase(Backend backend, ModelConfig config, Precision precision) {
        this.backend = backend;
        this.config = config;
        this.precision = precision;
    }

    /** Linear layers in {@code precision}, the rest as {@link TransformerWeights#frozen} keeps it. */
    static TransformerWeights weights(Backend backend, ModelConfig config, Precision precision) {
        return new RandomBase(backend, config, precision).weights();
    }

    /** An adapter of which neither A nor B is zero. */
    static LoraAdapter adapter(LoraConfig lora, ModelConfig config, long seed) {
        int size = LoraAdapter.layout(lora, config).size();
        return LoraAdapter.initial(lora, config, seed).withValues(uniform(size, 0.02f, SplitMix64.output(seed, 0)));
    }

    /** Token ids of a sequence. */
    static int[] tokens(ModelConfig config, int count, long seed) {
        return IntStream.range(0, count)
                .map(i -> (int) Long.remainderUnsigned(SplitMix64.output(seed, i), config.vocabSize()))
                .toArray();
    }

    private TransformerWeights weights() {
        Precision form = BasePrecision.of(precision).head();
        Precision halves = form == Precision.FP32 ? Precision.FP32 : Precision.BF16;
        HostTensor stored = matrix(config.vocabSize(), config.hiddenSize());
        Linear head = new Linear.Frozen(backend.freeze(stored, form));
        return new TransformerWeights(
                config,
                precision,
                config.tieWordEmbeddings() && form == halves ? head : table(stored, halves),
                IntStream.range(0, config.layers()).mapToObj(layer -> layer()).toList(),
                norm(),
                head);
    }

    private Linear table(HostTensor head, Precision halves) {
        HostTensor embedding = config.tieWordEmbeddings() ? head : matrix(config.vocabSize(), config.hiddenSize());
        return new Linear.Frozen(backend.freezeTable(embedding, halves));
    }

    private Layer layer() {
        Map<LinearKind, Linear> linears = new EnumMap<>(LinearKind.class);
        for (LinearKind kind : LinearKind.values()) {
            HostTensor weight = matrix(config.outputFeatures(kind.module()), config.inputFeatures(kind.module()));
            linears.put(kind, new Linear.Frozen(backend.freeze(weight, precision)));
        }
        return new Layer(norm(), norm(), Optional.empty(), Optional.empty(), linears, Map.of());
    }

    private Vectors norm() {
        float[] ones = new float[config.hiddenSize()];
        Arrays.fill(ones, 1);
        return vectors(HostTensor.matrix(1, ones.length, ones));
    }

    private Vectors vectors(HostTensor tensor) {
        return new Vectors(backend.upload(tensor.values(), tensor.rows(), tensor.columns()), Optional.empty());
    }

    private HostTensor matrix(int rows, int columns) {
        float bound = (float) Math.sqrt(3.0 / columns);
        float[] values = uniform(Math.multiplyExact(rows, columns), bound, SplitMix64.output(SEED, matrices++));
        return HostTensor.matrix(rows, columns, values);
    }

    /** Within ± {@code bound}, by 24 bits each. */
    private static float[] uniform(int count, float bound, long seed) {
        float[] values = new float[count];
        IntStream.range(0, Math.ceilDiv(count, STRETCH)).parallel().forEach(stretch -> {
            for (int i = stretch * STRETCH; i < Math.min(count, (stretch + 1) * STRETCH); i++) {
                values[i] = ((SplitMix64.output(seed, i) >> 40) * 0x1p-23f) * bound;
            }
        });
        return values;
    }
}
