package io.livegraft.gpu.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.DurableFile;
import io.livegraft.gpu.safetensors.SafetensorsFile;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.safetensors.TensorInfo;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A base in a Hugging Face directory. Opening it checks the architecture and, where there are weights, that exactly the
 * tensors of that architecture are there in its shapes; values are read one tensor at a time. Everything amiss is refused
 * with {@link ErrorCode#INVALID_MODEL}, naming the directory, field or tensor. Holds no open file.
 */
public final class ModelDirectory {
    private static final String CONFIG = "config.json";
    /** Beside the weights these decide what a base computes, or from which ids. */
    private static final List<String> DIGESTED = List.of(
            CONFIG, "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", GenerationConfigFile.NAME);

    private static final List<String> COPIED = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "generation_config.json");

    private static final Pattern SNAPSHOT = Pattern.compile("/models--.+?--([^/]+)/snapshots/[0-9a-f]{40}$");

    private final Path path;
    private final ModelConfig config;
    private final WeightFiles weights;
    private final BitsAndBytesTensors quantized;

    private ModelDirectory(Path path, ModelConfig config, WeightFiles weights) {
        this.path = path;
        this.config = config;
        this.weights = weights;
        this.quantized =
                BitsAndBytesTensors.find(path, weights, expectedTensors(config).keySet());
    }

    public static ModelDirectory open(Path dir) {
        ModelConfig config = config(dir);
        ModelDirectory model = new ModelDirectory(dir, config, WeightFiles.find(dir));
        if (model.hasWeights()) {
            model.checkTensors();
        }
        return model;
    }

    private static ModelConfig config(Path dir) {
        if (!Files.isRegularFile(dir.resolve(CONFIG))) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    Files.isDirectory(dir)
                            ? "model directory %s has no %s".formatted(dir, CONFIG)
                            : "model directory %s does not exist".formatted(dir));
        }
        return ConfigFile.read(dir.resolve(CONFIG));
    }

    /** Every tensor of a Llama-family base with its shape, in the order of the forward pass; linear weights are (out, in). */
    public static SequencedMap<String, List<Integer>> expectedTensors(ModelConfig config) {
        SequencedMap<String, List<Integer>> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", List.of(config.vocabSize(), config.hiddenSize()));
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "model.layers." + layer;
            shapes.put(block + ".input_layernorm.weight", List.of(config.hiddenSize()));
            for (String module : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
                putLinear(shapes, config, layer, module);
            }
            if (config.traits().queryKeyNorm()) {
                shapes.put(block + ".self_attn.q_norm.weight", List.of(config.headDim()));
                shapes.put(block + ".self_attn.k_norm.weight", List.of(config.headDim()));
            }
            shapes.put(block + ".post_attention_layernorm.weight", List.of(config.hiddenSize()));
            for (String module : List.of("gate_proj", "up_proj", "down_proj")) {
                putLinear(shapes, config, layer, module);
            }
        }
        shapes.put("model.norm.weight", List.of(config.hiddenSize()));
        if (!config.tieWordEmbeddings()) {
            shapes.put("lm_head.weight", List.of(config.vocabSize(), config.hiddenSize()));
        }
        return shapes;
    }

    private static void putLinear(
            SequencedMap<String, List<Integer>> shapes, ModelConfig config, int layer, String module) {
        String path = ModelConfig.modulePath(layer, module);
        shapes.put(path + ".weight", List.of(config.outputFeatures(module), config.inputFeatures(module)));
        if (config.biased(module)) {
            shapes.put(path + ".bias", List.of(config.outputFeatures(module)));
        }
    }

    private void checkTensors() {
        SequencedMap<String, List<Integer>> expected = expectedTensors();
        expected.forEach((name, shape) -> {
            TensorInfo info = weights.tensors().get(name);
            if (info == null) {
                throw refusal("has no tensor '%s', expected one of shape %s".formatted(name, shape));
            }
            List<Long> actual = quantized.shape(name).orElse(info.shape());
            if (!actual.equals(shape.stream().map(Integer::longValue).toList())) {
                throw refusal("tensor '%s' has shape %s, expected %s by its config".formatted(name, actual, shape));
            }
        });
        for (String name : weights.tensors().keySet()) {
            if (!expected.containsKey(name) && !quantized.parts().contains(name) && !harmless(name)) {
                throw refusal("has tensor '%s', which its architecture does not use".formatted(name));
            }
        }
    }

    /** Old exports hold rotary frequencies, which are computed, and a tied head, which is the embedding. */
    private boolean harmless(String name) {
        return name.endsWith(".rotary_emb.inv_freq") || (config.tieWordEmbeddings() && name.equals("lm_head.weight"));
    }

    public ModelConfig config() {
        return config;
    }

    public Path path() {
        return path;
    }

    /** The directory's own name; of a snapshot in the hub's cache, models--org--name/snapshots/commit, the model's. */
    public String name() {
        Path directory = path.toAbsolutePath().normalize();
        Matcher snapshot = SNAPSHOT.matcher(directory.toString());
        return snapshot.find() ? snapshot.group(1) : String.valueOf(directory.getFileName());
    }

    /** False for a directory that only says what is to be trained. */
    public boolean hasWeights() {
        return !weights.files().isEmpty();
    }

    /** {@link #expectedTensors(ModelConfig)} of this base. */
    public SequencedMap<String, List<Integer>> expectedTensors() {
        return expectedTensors(config);
    }

    /** What the first quantized weight is stored as; {@link Precision#NF4}, the default, where none is. */
    public Precision precision() {
        return quantized.precision().orElse(Precision.NF4);
    }

    /** Whether at least one weight is stored quantized. */
    public boolean quantized() {
        return quantized.precision().isPresent();
    }

    /** One of {@link #expectedTensors()} as it is stored, if that is quantized. */
    public Optional<QuantizedTensor> quantizedTensor(String huggingFaceName) {
        return quantized.read(weights, huggingFaceName);
    }

    /** The type of one of {@link #expectedTensors()} before it was quantized, if it was. */
    public DType dtype(String huggingFaceName) {
        return quantized.dtype(huggingFaceName).orElse(info(huggingFaceName).dtype());
    }

    /** Of a tensor as it is stored. */
    TensorInfo info(String huggingFaceName) {
        TensorInfo info = weights.tensors().get(huggingFaceName);
        if (info == null) {
            throw refusal("has no tensor '%s'".formatted(huggingFaceName));
        }
        return info;
    }

    WeightFiles weights() {
        return weights;
    }

    /** A copy as float32 of one of {@link #expectedTensors()}, dequantized if need be. */
    public HostTensor tensor(String huggingFaceName) {
        return quantizedTensor(huggingFaceName)
                .map(QuantizedTensor::dequantize)
                .orElseGet(() -> dense(huggingFaceName));
    }

    /** All of {@link #expectedTensors()} with one dimension, norms and biases, by name; opens each file once. */
    public Map<String, HostTensor> vectors() {
        Map<String, HostTensor> vectors = new HashMap<>();
        try (OpenWeights open = new OpenWeights(weights)) {
            expectedTensors().forEach((name, shape) -> {
                if (shape.size() == 1) {
                    vectors.put(name, open.read(name));
                }
            });
        }
        return vectors;
    }

    private HostTensor dense(String huggingFaceName) {
        Path file = weights.fileByTensor().get(huggingFaceName);
        if (file == null) {
            throw refusal("has no tensor '%s'".formatted(huggingFaceName));
        }
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            HostTensor tensor = opened.read(huggingFaceName);
            List<Integer> expected = expectedTensors().getOrDefault(huggingFaceName, tensor.shape());
            if (!tensor.shape().equals(expected)) {
                throw refusal("tensor '%s' has shape %s, expected %s by its config"
                        .formatted(huggingFaceName, tensor.shape(), expected));
            }
            return tensor;
        }
    }

    /** SHA-256 in hex over names and contents of config, tokenizer and weight files; reads them all. */
    public String digest() {
        return FileDigest.of(digested());
    }

    /** Changes with names, sizes and times of change of the files that {@link #digest()} reads; 64 hexadecimal digits, at once. */
    public String stamp() {
        return FileStamp.of(digested());
    }

    private List<Path> digested() {
        List<Path> files = new ArrayList<>(weights.files());
        DIGESTED.stream().map(path::resolve).filter(Files::isRegularFile).forEach(files::add);
        return files;
    }

    /**
     * Writes a base that can be opened: weights, then the tokenizer's files, last the config with its new type; a directory
     * that was cut off in between has no config and is refused.
     *
     * @param copyConfigAndTokenizerFrom a model directory; may be {@code dir} itself
     * @param tensors exactly the expected ones of that config
     * @param dtype F32 or BF16
     */
    public static void write(
            Path dir, Path copyConfigAndTokenizerFrom, SequencedMap<String, HostTensor> tensors, DType dtype) {
        requireExactly(dir, expectedTensors(config(copyConfigAndTokenizerFrom)), tensors);
        try {
            Files.createDirectories(dir);
            SafetensorsWriter.write(
                    dir.resolve(WeightFiles.SINGLE), new TreeMap<>(tensors), dtype, SafetensorsWriter.PYTORCH);
            copyTokenizerAndConfig(dir, copyConfigAndTokenizerFrom, config -> {
                config.remove("dtype");
                config.remove("quantization_config");
                config.put("torch_dtype", dtype == DType.BF16 ? "bfloat16" : "float32");
            });
        } catch (IOException e) {
            throw new UncheckedIOException("can't write model directory " + dir + ": " + e.getMessage(), e);
        }
    }

    /** The config last, changed. */
    static void copyTokenizerAndConfig(Path dir, Path from, Consumer<ObjectNode> change) throws IOException {
        for (String name : COPIED) {
            Path source = from.resolve(name);
            if (Files.isRegularFile(source)) {
                DurableFile.write(dir.resolve(name), Files.readAllBytes(source));
            }
        }
        ObjectNode json = JsonFile.read(from.resolve(CONFIG)).root();
        change.accept(json);
        DurableFile.write(dir.resolve(CONFIG), pretty(json));
    }

    private static void requireExactly(Path dir, Map<String, List<Integer>> expected, Map<String, HostTensor> tensors) {
        expected.forEach((name, shape) -> {
            HostTensor tensor = tensors.get(name);
            if (tensor == null || !tensor.shape().equals(shape)) {
                throw new LivegraftException(
                        ErrorCode.INVALID_MODEL,
                        "can't write %s: tensor '%s' %s, expected shape %s"
                                .formatted(
                                        dir,
                                        name,
                                        tensor == null ? "is missing" : "has shape " + tensor.shape(),
                                        shape));
            }
        });
        for (String name : tensors.keySet()) {
            if (!expected.containsKey(name)) {
                throw new LivegraftException(
                        ErrorCode.INVALID_MODEL,
                        "can't write %s: its architecture has no tensor '%s'".formatted(dir, name));
            }
        }
    }

    private static byte[] pretty(ObjectNode json) throws JsonProcessingException {
        return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    }

    private LivegraftException refusal(String what) {
        return new LivegraftException(ErrorCode.INVALID_MODEL, "model directory %s %s".formatted(path, what));
    }
}
