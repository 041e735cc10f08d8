package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.WeightSource;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * All of a base's weights on a device, by their places in the decoder. V = vocabulary, C = hidden size.
 *
 * @param precision of the linear layers
 * @param embedding (V,C)
 * @param layers in the order of the forward pass
 * @param finalNorm (1,C)
 * @param head (V,C); the embedding's own matrix where they are tied
 */
public record TransformerWeights(
        ModelConfig config, Precision precision, Linear embedding, List<Layer> layers, Vectors finalNorm, Linear head) {

    /** Of the products beside those with frozen weights: attention, adapters, trained weights. */
    public Arithmetic arithmetic() {
        return Arithmetic.beside(precision);
    }

    /** Weights that are not a matrix: a norm (1,C) or (1,D), a bias (1,out); the gradient only in full training. */
    public record Vectors(Tensor weight, Optional<Tensor> gradient) {}

    /**
     * One block; C = hidden size, D = head dimension.
     *
     * @param attentionNorm (1,C)
     * @param feedForwardNorm (1,C)
     * @param queryNorm of every head of the queries (1,D), where the family has it; so {@code keyNorm} of the keys
     * @param linears all seven, (out, in) each
     * @param biases (1,out) of the linear kinds that have one
     */
    public record Layer(
            Vectors attentionNorm,
            Vectors feedForwardNorm,
            Optional<Vectors> queryNorm,
            Optional<Vectors> keyNorm,
            Map<LinearKind, Linear> linears,
            Map<LinearKind, Vectors> biases) {
        /** Everything that is not a linear weight. */
        public Stream<Vectors> vectors() {
            Stream<Vectors> norms = Stream.of(
                            Optional.of(attentionNorm), Optional.of(feedForwardNorm), queryNorm, keyNorm)
                    .flatMap(Optional::stream);
            return Stream.concat(norms, biases.values().stream());
        }
    }

    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";

    /**
     * As {@link #frozen(Backend, ModelDirectory, BasePrecision, WeightSource)}, every weight from the base's own files, the head as it
     * fits.
     */
    public static TransformerWeights frozen(Backend backend, ModelDirectory directory, Precision precision) {
        return frozen(backend, directory, BasePrecision.of(precision), WeightSource.FILES);
    }

    /**
     * Loads a base that stays as it is; linear layers and head in {@code precision}, the embedding as exactly as it is stored, the rest in float32. One tensor at a time is on the heap.
     *
     * @param precision of linear layers and head; see {@link FrozenLinear} for layers that are stored quantized
     * @param source asked for every matrix by its name, the head always by that of an untied one
     */
    public static TransformerWeights frozen(
            Backend backend, ModelDirectory directory, BasePrecision precision, WeightSource source) {
        FrozenBase base = FrozenBase.open(backend, directory, precision, source);
        Linear head = base.head();
        return build(
                directory.config(),
                precision.linears(),
                name -> new Vectors(base.vector(name), Optional.empty()),
                base::linear,
                base.embedding(head),
                head);
    }

    /** Views of one arena of values and one of gradients, both in {@link #layout}. */
    public static TransformerWeights trained(Backend backend, ModelConfig config, Tensor values, Tensor gradients) {
        ParameterLayout layout = layout(config);
        Function<String, Tensor> value = name -> view(backend, values, layout.entry(name));
        Function<String, Tensor> gradient = name -> view(backend, gradients, layout.entry(name));
        Function<String, Linear> linear = name -> new Linear.Trained(value.apply(name), gradient.apply(name));
        return build(
                config,
                Precision.FP32,
                name -> new Vectors(value.apply(name), Optional.of(gradient.apply(name))),
                linear,
                linear.apply(EMBEDDING),
                linear.apply(config.tieWordEmbeddings() ? EMBEDDING : HEAD));
    }

    /** Every tensor of the checkpoint by its Hugging Face name; norms and biases are one row. */
    public static ParameterLayout layout(ModelConfig config) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        builder.add(EMBEDDING, config.vocabSize(), config.hiddenSize());
        for (int layer = 0; layer < config.layers(); layer++) {
            builder.add(attentionNorm(layer), 1, config.hiddenSize());
            builder.add(feedForwardNorm(layer), 1, config.hiddenSize());
            for (LinearKind kind : LinearKind.values()) {
                builder.add(
                        ModelConfig.modulePath(layer, kind.module()) + ".weight",
                        config.outputFeatures(kind.module()),
                        config.inputFeatures(kind.module()));
                if (config.biased(kind.module())) {
                    builder.add(bias(layer, kind), 1, config.outputFeatures(kind.module()));
                }
            }
            if (config.traits().queryKeyNorm()) {
                builder.add(queryNorm(layer), 1, config.headDim());
                builder.add(keyNorm(layer), 1, config.headDim());
            }
        }
        builder.add("model.norm.weight", 1, config.hiddenSize());
        if (!config.tieWordEmbeddings()) {
            builder.add(HEAD, config.vocabSize(), config.hiddenSize());
        }
        return builder.build();
    }

    private static TransformerWeights build(
            ModelConfig config,
            Precision precision,
            Function<String, Vectors> vectors,
            Function<String, Linear> linear,
            Linear embedding,
            Linear head) {
        List<Layer> layers = IntStream.range(0, config.layers())
                .mapToObj(layer -> layer(config, layer, vectors, linear))
                .toList();
        return new TransformerWeights(config, precision, embedding, layers, vectors.apply("model.norm.weight"), head);
    }

    private static Layer layer(
            ModelConfig config, int layer, Function<String, Vectors> vectors, Function<String, Linear> linear) {
        Map<LinearKind, Linear> linears = new EnumMap<>(LinearKind.class);
        Map<LinearKind, Vectors> biases = new EnumMap<>(LinearKind.class);
        for (LinearKind kind : LinearKind.values()) {
            linears.put(kind, linear.apply(ModelConfig.modulePath(layer, kind.module()) + ".weight"));
            if (config.biased(kind.module())) {
                biases.put(kind, vectors.apply(bias(layer, kind)));
            }
        }
        boolean headNorms = config.traits().queryKeyNorm();
        return new Layer(
                vectors.apply(attentionNorm(layer)),
                vectors.apply(feedForwardNorm(layer)),
                headNorms ? Optional.of(vectors.apply(queryNorm(layer))) : Optional.empty(),
                headNorms ? Optional.of(vectors.apply(keyNorm(layer))) : Optional.empty(),
                linears,
                biases);
    }

    private static Tensor view(Backend backend, Tensor arena, ParameterLayout.Entry entry) {
        return backend.view(arena, entry.offset(), entry.rows(), entry.columns());
    }

    private static String bias(int layer, LinearKind kind) {
        return ModelConfig.modulePath(layer, kind.module()) + ".bias";
    }

    private static String queryNorm(int layer) {
        return "model.layers.%d.self_attn.q_norm.weight".formatted(layer);
    }

    private static String keyNorm(int layer) {
        return "model.layers.%d.self_attn.k_norm.weight".formatted(layer);
    }

    private static String attentionNorm(int layer) {
        return "model.layers.%d.input_layernorm.weight".formatted(layer);
    }

    private static String feedForwardNorm(int layer) {
        return "model.layers.%d.post_attention_layernorm.weight".formatted(layer);
    }
}
