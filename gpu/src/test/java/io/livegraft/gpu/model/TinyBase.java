package io.livegraft.gpu.model;

import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/** A two-layer base of a few hundred parameters, written from scratch. */
public final class TinyBase {
    public static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"],
              "hidden_size": 8,
              "intermediate_size": 12,
              "num_hidden_layers": 2,
              "num_attention_heads": 4,
              "num_key_value_heads": 2,
              "vocab_size": 16,
              "max_position_embeddings": 32,
              "rms_norm_eps": 1e-05,
              "rope_theta": 10000.0,
              "hidden_act": "silu",
              "tie_word_embeddings": true,
              "bos_token_id": 1,
              "eos_token_id": 2,
              "torch_dtype": "float32"
            }
            """;

    private TinyBase() {}

    /** Makes {@code dir} with this {@code config.json} and nothing else. */
    public static Path withConfig(Path dir, String config) {
        try {
            Files.createDirectories(dir);
            Files.writeString(dir.resolve("config.json"), config);
            return dir;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every expected tensor, filled from a seed. */
    public static SequencedMap<String, HostTensor> tensors(ModelConfig config, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        ModelDirectory.expectedTensors(config).forEach((name, shape) -> {
            float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextDouble() - 0.5);
            }
            tensors.put(name, new HostTensor(shape, values));
        });
        return tensors;
    }
}
