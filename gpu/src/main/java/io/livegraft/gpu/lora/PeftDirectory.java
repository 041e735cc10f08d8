package io.livegraft.gpu.lora;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.DurableFile;
import io.livegraft.gpu.safetensors.SafetensorsFile;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.safetensors.TensorInfo;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/**
 * Adapters in the files of Hugging Face PEFT: {@code adapter_config.json} and {@code adapter_model.safetensors}. Values are
 * float32 in memory and written as F32, as PEFT itself holds and writes them: an adapter that is written and read has the same
 * bits, and the same adapter makes the same bytes. F16 and BF16 are read as well; all their values are float32 values too.
 * Everything amiss is refused with {@link ErrorCode#INVALID_MODEL}, naming the field or tensor.
 */
public final class PeftDirectory {
    /** How the adapter is applied. */
    public static final String CONFIG = "adapter_config.json";

    /** Its tensors. */
    public static final String WEIGHTS = "adapter_model.safetensors";

    private PeftDirectory() {}

    /**
     * Writes an adapter that was made here.
     *
     * @param baseName written as {@code base_model_name_or_path}
     * @return SHA-256 in hex of the safetensors file
     */
    public static String write(Path dir, LoraAdapter adapter, String baseName) {
        return write(dir, adapter, AdapterOrigin.of(baseName));
    }

    /**
     * Creates the directory where it is absent; weights first, so that a config never stands without them.
     *
     * @return SHA-256 in hex of the safetensors file
     */
    public static String write(Path dir, LoraAdapter adapter, AdapterOrigin origin) {
        byte[] weights = safetensors(adapter);
        try {
            Files.createDirectories(dir);
        } catch (IOException e) {
            throw new UncheckedIOException("can't make adapter directory " + dir + ": " + e.getMessage(), e);
        }
        DurableFile.write(dir.resolve(WEIGHTS), weights);
        DurableFile.write(dir.resolve(CONFIG), AdapterConfigWriter.write(adapter.config(), origin));
        return sha256(weights);
    }

    /** The bytes of {@code adapter_model.safetensors}: names sorted, as PEFT's own files have them. */
    public static byte[] safetensors(LoraAdapter adapter) {
        return SafetensorsWriter.encode(new TreeMap<>(adapter.tensors()), DType.F32, SafetensorsWriter.PYTORCH);
    }

    /**
     * The bytes of {@code adapter_config.json} for an adapter that was made here.
     *
     * @param baseName written as {@code base_model_name_or_path}
     */
    public static byte[] config(LoraAdapter adapter, String baseName) {
        return AdapterConfigWriter.write(adapter.config(), AdapterOrigin.of(baseName));
    }

    /** Refuses what the adapter's config and the base have no place for, whatever its {@link #origin} says. */
    public static LoraAdapter read(Path dir, ModelConfig model) {
        LoraConfig config = new AdapterConfigReader(config(dir)).config();
        try (SafetensorsFile file = SafetensorsFile.open(dir.resolve(WEIGHTS))) {
            return adapter(file, config, model);
        }
    }

    /** The reverse of {@link #safetensors} and {@link #config(LoraAdapter, String)}. */
    public static LoraAdapter decode(byte[] safetensors, byte[] config, ModelConfig model) {
        return decode(safetensors, new AdapterConfigReader(JsonFile.decode(Path.of(CONFIG), config)).config(), model);
    }

    /** Where the adapter in a directory comes from. */
    public static AdapterOrigin origin(Path dir) {
        return new AdapterConfigReader(config(dir)).origin();
    }

    private static JsonFile config(Path dir) {
        if (!Files.isRegularFile(dir.resolve(CONFIG))) {
            throw refusal("adapter directory %s has no %s".formatted(dir, CONFIG));
        }
        return JsonFile.read(dir.resolve(CONFIG));
    }

    /** The reverse of {@link #safetensors}. */
    public static LoraAdapter decode(byte[] safetensors, LoraConfig config, ModelConfig model) {
        try (SafetensorsFile file = SafetensorsFile.decode(safetensors)) {
            return adapter(file, config, model);
        }
    }

    private static LoraAdapter adapter(SafetensorsFile file, LoraConfig config, ModelConfig model) {
        try {
            return LoraAdapter.of(config, model, layout -> {
                refuseOtherTensors(file, layout);
                return values(file, layout);
            });
        } catch (ArithmeticException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "an adapter of rank %d on %s of this base has more parameters than one array holds"
                            .formatted(config.rank(), config.targets().modules()),
                    e);
        } catch (LivegraftException e) {
            throw new LivegraftException(ErrorCode.INVALID_MODEL, String.valueOf(e.getMessage()), e);
        }
    }

    private static void refuseOtherTensors(SafetensorsFile file, ParameterLayout layout) {
        for (ParameterLayout.Entry entry : layout.entries()) {
            List<Long> shape = List.of((long) entry.rows(), (long) entry.columns());
            TensorInfo info = file.tensors().get(entry.name());
            if (info == null) {
                throw refusal("adapter has no tensor '%s', expected one of shape %s".formatted(entry.name(), shape));
            }
            if (!info.shape().equals(shape)) {
                throw refusal("adapter tensor '%s' has shape %s, expected %s by config and base"
                        .formatted(entry.name(), info.shape(), shape));
            }
        }
        for (String name : file.tensors().keySet()) {
            if (!layout.contains(name)) {
                throw refusal(
                        "adapter has tensor '%s', which its config and this base have no place for".formatted(name));
            }
        }
    }

    private static float[] values(SafetensorsFile file, ParameterLayout layout) {
        float[] values = new float[layout.size()];
        for (ParameterLayout.Entry entry : layout.entries()) {
            System.arraycopy(file.read(entry.name()).values(), 0, values, entry.offset(), entry.size());
        }
        return values;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static LivegraftException refusal(String sentence) {
        return new LivegraftException(ErrorCode.INVALID_MODEL, sentence);
    }
}
