package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.safetensors.SafetensorsLayout;
import io.livegraft.gpu.safetensors.SafetensorsLayout.Spec;
import io.livegraft.gpu.safetensors.SafetensorsOutput;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes a base with its linear layers quantized, as transformers and bitsandbytes load it; embedding, norms, biases and
 * head keep their bytes. One tensor is in memory at a time. Reading the result gives the bits of quantizing while loading.
 */
public final class QuantizedBase {
    /** Hears of every tensor of the base that is written. */
    @FunctionalInterface
    public interface Progress {
        void wrote(String name, int done, int total);
    }

    /**
     * What was written.
     *
     * @param weightBytes of the quantized weights in memory, scales included
     * @param weights number of their values
     * @param fileBytes of the one weight file
     */
    public record Written(long weightBytes, long weights, long fileBytes) {
        public double bitsPerWeight() {
            return 8.0 * weightBytes / weights;
        }
    }

    private final ModelDirectory base;
    private final QuantizationFormat format;
    private final Map<String, Spec> specs = new LinkedHashMap<>();
    private long weightBytes;
    private long weights;

    private QuantizedBase(ModelDirectory base, QuantizationFormat format) {
        this.base = base;
        this.format = format;
        base.expectedTensors().forEach((name, shape) -> specs.putAll(specs(name, shape)));
    }

    /**
     * Writes weights, then the tokenizer's files, last the config: a directory that was cut off in between has none and is
     * refused. A base that is quantized already can only be written in the very format it has.
     *
     * @param format NF4, FP4 or rows of 8 bits; checkpoints have no other
     */
    public static Written write(Path dir, ModelDirectory base, QuantizationFormat format, Progress progress) {
        if (dir.toAbsolutePath().normalize().equals(base.path().toAbsolutePath().normalize())) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "%s is the base itself, expected another directory".formatted(dir));
        }
        QuantizedBase quantized = new QuantizedBase(base, format);
        try {
            Files.createDirectories(dir);
            return quantized.write(dir, progress);
        } catch (IOException e) {
            throw new UncheckedIOException("can't write model directory " + dir + ": " + e.getMessage(), e);
        }
    }

    private Written write(Path dir, Progress progress) throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.sorted(specs, SafetensorsWriter.PYTORCH);
        SafetensorsOutput.write(dir.resolve(WeightFiles.SINGLE), layout, output -> {
            int done = 0;
            try (OpenWeights open = new OpenWeights(base.weights())) {
                for (String name : base.expectedTensors().keySet()) {
                    put(output, name, open);
                    progress.wrote(name, ++done, base.expectedTensors().size());
                }
            }
        });
        ModelDirectory.copyTokenizerAndConfig(dir, base.path(), this::describe);
        return new Written(weightBytes, weights, layout.bytes());
    }

    private void put(SafetensorsOutput output, String name, OpenWeights open) throws IOException {
        Optional<QuantizedTensor> weight = quantized(name);
        if (weight.isEmpty()) {
            output.put(name, open.bytes(name));
        } else {
            weightBytes += weight.get().bytes();
            weights += (long) weight.get().rows() * weight.get().columns();
            BitsAndBytesOutput.put(output, name, weight.get(), base.dtype(name));
        }
    }

    private Optional<QuantizedTensor> quantized(String name) {
        if (base.quantized()) {
            return base.quantizedTensor(name).map(weight -> requireFormat(name, weight));
        }
        return isLinear(name) ? Optional.of(format.quantize(base.tensor(name))) : Optional.empty();
    }

    private QuantizedTensor requireFormat(String name, QuantizedTensor weight) {
        if (!weight.format().equals(format)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "base %s stores '%s' as %s, expected %s or a base that is not quantized"
                            .formatted(base.path(), name, weight.format(), format));
        }
        return weight;
    }

    private Map<String, Spec> specs(String name, List<Integer> shape) {
        boolean quantized = base.quantized() ? base.quantizedTensor(name).isPresent() : isLinear(name);
        TensorInfo info = base.info(name);
        return quantized
                ? BitsAndBytesOutput.specs(name, shape, format)
                : Map.of(name, new Spec(info.dtype(), info.shape()));
    }

    /** One of the seven kinds; the head is not quantized, as transformers does not. */
    private static boolean isLinear(String name) {
        return name.endsWith("_proj.weight");
    }

    private void describe(ObjectNode config) {
        if (!base.quantized()) {
            BitsAndBytesOutput.describe(config, format);
        }
    }
}
