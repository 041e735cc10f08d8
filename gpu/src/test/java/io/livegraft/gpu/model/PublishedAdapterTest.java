package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.LinearKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An adapter that PEFT 0.9 wrote for Qwen/Qwen2.5-0.5B-Instruct, on bases by their config.json. */
class PublishedAdapterTest {
    /** The shape of Qwen2.5-0.5B. */
    private static final String QWEN = """
            {"architectures": ["Qwen2ForCausalLM"], "hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864,
             "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
             "max_position_embeddings": 32768, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "use_sliding_window": false,
             "sliding_window": 32768, "max_window_layers": 21, "tie_word_embeddings": true, "bos_token_id": 151643,
             "eos_token_id": 151645, "torch_dtype": "bfloat16"}""";

    @TempDir
    Path dir;

    @Test
    void comesBackFromItsBaseByteForByte() throws IOException {
        Path published = published();
        LoraAdapter adapter = PeftDirectory.read(published, base(QWEN));
        assertEquals(540_672, adapter.values().length);
        Path saved = dir.resolve("saved");
        PeftDirectory.write(saved, adapter, PeftDirectory.origin(published));
        for (String file : new String[] {"adapter_model.safetensors", "adapter_config.json"}) {
            assertArrayEquals(
                    Files.readAllBytes(published.resolve(file)), Files.readAllBytes(saved.resolve(file)), file);
        }
    }

    @Test
    void liesOnTheQueriesAndValuesOfEveryLayer() throws IOException {
        LoraAdapter adapter = PeftDirectory.read(published(), base(QWEN));
        try (Backend backend = new VectorBackend(1)) {
            AdapterTensors tensors = AdapterTensors.forServing(backend, adapter);
            for (int layer = 0; layer < 24; layer++) {
                AdapterTensors.Pair q = tensors.pair(layer, LinearKind.Q_PROJ).orElseThrow();
                assertEquals(2f, q.factors().scaling());
                assertEquals(8, q.factors().rank());
                assertTrue(tensors.pair(layer, LinearKind.V_PROJ).isPresent());
                assertTrue(tensors.pair(layer, LinearKind.K_PROJ).isEmpty());
            }
        }
    }

    @Test
    void isRefusedByNameOnAnotherShape() throws IOException {
        assertRefused(
                "0.self_attn.v_proj.lora_B.weight' has shape [128, 8], expected [896, 8]",
                QWEN.replace("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 14"));
        assertRefused(
                "0.self_attn.q_proj.lora_A.weight' has shape [8, 896], expected [8, 1792]",
                QWEN.replace("896", "1792"));
        assertRefused(
                "has tensor 'base_model.model.model.layers.23.",
                QWEN.replace("\"num_hidden_layers\": 24", "\"num_hidden_layers\": 23"));
        assertRefused(
                "has no tensor 'base_model.model.model.layers.24.",
                QWEN.replace("\"num_hidden_layers\": 24", "\"num_hidden_layers\": 25"));
    }

    private void assertRefused(String part, String config) throws IOException {
        ModelConfig base = base(config);
        assertInvalidModel(part, () -> PeftDirectory.read(published(), base));
    }

    private static Path published() {
        return SharedFiles.require("vectors/adapters/qwen2.5-0.5b-lora");
    }

    private ModelConfig base(String config) throws IOException {
        return ConfigFile.read(Files.writeString(dir.resolve("config.json"), config));
    }
}
