package io.livegraft.gpu.lora;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeftDirectoryTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 12, 2, 4, 2, 2, 16, 32, 1e-5f, 1e4, true, 1, List.of(2));
    private static final ModelConfig QWEN =
            new ModelConfig(896, 4864, 24, 14, 2, 64, 151_936, 32_768, 1e-6f, 1e6, true, 0, List.of(2));
    private static final String Q_A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";

    @TempDir
    Path dir;

    private static LoraAdapter adapter(LoraConfig config) {
        LoraAdapter adapter = LoraAdapter.initial(config, MODEL, 17);
        float[] values = adapter.values();
        for (int i = 0; i < values.length; i += 3) {
            values[i] = Float.intBitsToFloat(0x3DCCCCCD + i); // B is not zero either, and all bits count
        }
        values[0] = -0f;
        return adapter;
    }

    @Test
    void whatIsWrittenIsReadBitForBit() {
        for (LoraConfig config : List.of(
                new LoraConfig(4, 16, false, LoraConfig.ALL_LINEAR),
                new LoraConfig(3, 2.5, true, List.of("v_proj", "down_proj")))) {
            LoraAdapter written = adapter(config);
            PeftDirectory.write(dir, written, "base");
            LoraAdapter read = PeftDirectory.read(dir, MODEL);
            assertEquals(config, read.config());
            assertEquals(written.layout().entries(), read.layout().entries());
            assertSameBits(written.values(), read.values());
        }
    }

    @Test
    void theDigestIsThatOfTheFileAndFollowsTheValuesAlone() throws IOException, NoSuchAlgorithmException {
        LoraAdapter adapter = adapter(new LoraConfig(4, 16, false, LoraConfig.ALL_LINEAR));
        String digest = PeftDirectory.write(dir.resolve("a"), adapter, "base");
        byte[] file = Files.readAllBytes(dir.resolve("a/adapter_model.safetensors"));
        assertEquals(
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file)), digest);
        assertEquals(digest, PeftDirectory.write(dir.resolve("b"), adapter, "another base"));
        assertArrayEquals(file, PeftDirectory.safetensors(adapter));
        adapter.values()[5] += 1;
        assertNotEquals(digest, PeftDirectory.write(dir.resolve("b"), adapter, "base"));
    }

    @Test
    void writesTheConfigAsPeftDoes() throws IOException {
        PeftDirectory.write(dir, adapter(new LoraConfig(4, 16, false, List.of("v_proj", "q_proj"))), "base-7b");
        assertEquals("""
                {
                  "alpha_pattern": {},
                  "auto_mapping": null,
                  "base_model_name_or_path": "base-7b",
                  "bias": "none",
                  "fan_in_fan_out": false,
                  "inference_mode": true,
                  "init_lora_weights": true,
                  "layers_pattern": null,
                  "layers_to_transform": null,
                  "lora_alpha": 16,
                  "lora_dropout": 0.0,
                  "modules_to_save": null,
                  "peft_type": "LORA",
                  "r": 4,
                  "rank_pattern": {},
                  "revision": null,
                  "target_modules": [
                    "q_proj",
                    "v_proj"
                  ],
                  "task_type": "CAUSAL_LM",
                  "use_dora": false,
                  "use_rslora": false
                }""", Files.readString(dir.resolve("adapter_config.json")));
    }

    @Test
    void readsAPublishedAdapterAndWritesItsBytesAgain() throws IOException {
        Path published = SharedFiles.require("vectors/adapters/qwen2.5-0.5b-lora");
        LoraAdapter adapter = PeftDirectory.read(published, QWEN);
        assertEquals(new LoraConfig(8, 16, false, List.of("q_proj", "v_proj")), adapter.config());
        assertEquals(540_672, adapter.layout().size());
        assertEquals(2f, adapter.config().scaling());
        assertArrayEquals(
                Files.readAllBytes(published.resolve("adapter_model.safetensors")), PeftDirectory.safetensors(adapter));
    }

    @Test
    void decodesWhatItEncodes() {
        LoraConfig config = new LoraConfig(2, 4, false, List.of("up_proj"));
        LoraAdapter adapter = adapter(config);
        assertSameBits(
                adapter.values(),
                PeftDirectory.decode(PeftDirectory.safetensors(adapter), config, MODEL)
                        .values());
    }

    @Test
    void readsHalfPrecision() throws IOException {
        LoraAdapter adapter = adapter(new LoraConfig(2, 4, false, List.of("q_proj")));
        PeftDirectory.write(dir, adapter, "base");
        SafetensorsWriter.write(dir.resolve("adapter_model.safetensors"), adapter.tensors(), DType.BF16, Map.of());
        float[] read = PeftDirectory.read(dir, MODEL).values();
        for (int i = 0; i < read.length; i++) {
            assertEquals(adapter.values()[i], read[i], Math.abs(adapter.values()[i]) * 0x1p-8f);
        }
    }

    @Test
    void refusesMissingExtraAndMisshapenTensorsByName() {
        LoraConfig config = new LoraConfig(2, 4, false, List.of("q_proj"));
        SequencedMap<String, HostTensor> tensors = adapter(config).tensors();
        HostTensor matrix = Objects.requireNonNull(tensors.remove(Q_A));
        assertInvalidModel("adapter has no tensor '" + Q_A + "'", () -> decode(tensors, config));
        tensors.put(Q_A, HostTensor.matrix(8, 2, matrix.values()));
        assertInvalidModel("'" + Q_A + "' has shape [8, 2], expected [2, 8]", () -> decode(tensors, config));
        tensors.put(Q_A, matrix);
        String magnitude = Q_A.replace("lora_A.weight", "lora_magnitude_vector");
        tensors.put(magnitude, HostTensor.vector(new float[8]));
        assertInvalidModel("adapter has tensor '" + magnitude + "'", () -> decode(tensors, config));
    }

    private static void decode(SequencedMap<String, HostTensor> tensors, LoraConfig config) {
        PeftDirectory.decode(SafetensorsWriter.encode(tensors, DType.F32, Map.of()), config, MODEL);
    }

    @Test
    void refusesAnAdapterOfAnotherBase() {
        PeftDirectory.write(dir, adapter(new LoraConfig(2, 4, false, List.of("q_proj"))), "base");
        assertInvalidModel("has shape [2, 8], expected [2, 896]", () -> PeftDirectory.read(dir, QWEN));
    }

    @Test
    void refusesWhatIsNoAdapterDirectory() throws IOException {
        assertInvalidModel("has no adapter_config.json", () -> PeftDirectory.read(dir, MODEL));
        PeftDirectory.write(dir, adapter(new LoraConfig(2, 4, false, List.of("q_proj"))), "base");
        Files.delete(dir.resolve("adapter_model.safetensors"));
        assertInvalidModel("adapter_model.safetensors is not a file", () -> PeftDirectory.read(dir, MODEL));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'peft_type': 'LOHA' | peft_type = \"LOHA\", expected \"LORA\"",
                "'use_dora': true | use_dora = true",
                "'bias': 'lora_only' | bias = \"lora_only\", expected \"none\"",
                "'lora_bias': true | lora_bias = true",
                "'modules_to_save': ['lm_head'] | modules_to_save = [\"lm_head\"]",
                "'rank_pattern': {'q_proj': 4} | rank_pattern = {\"q_proj\":4}",
                "'alpha_pattern': {'q_proj': 4} | alpha_pattern = {\"q_proj\":4}",
                "'layers_to_transform': [0] | layers_to_transform = [0]",
                "'fan_in_fan_out': true | fan_in_fan_out = true",
                "'exclude_modules': 'up_proj' | exclude_modules = \"up_proj\"",
                "'init_lora_weights': 'pissa' | init_lora_weights = \"pissa\"",
                "'r': 0 | r = 0, expected a whole number",
                "'r': 2147483647 | an adapter of rank 2147483647",
                "'lora_alpha': -1 | lora_alpha = -1, expected a number above 0",
                "'use_rslora': 'yes' | use_rslora = \"yes\", expected true or false",
                "'target_modules': 'q_.*' | target_modules = \"q_.*\", expected \"all-linear\" or a list",
                "'target_modules': ['q_proj', 'lm_head'] | target_modules = [\"q_proj\",\"lm_head\"]",
                "'target_modules': [] | target_modules = []",
                "'target_modules': null | target_modules = null",
            })
    void refusesByNameWhatItCanNotCompute(String field, String reason) throws IOException {
        PeftDirectory.write(dir, adapter(new LoraConfig(2, 4, false, List.of("q_proj"))), "base");
        Path config = dir.resolve("adapter_config.json");
        String json = Files.readString(config).stripTrailing();
        Files.writeString(config, json.substring(0, json.length() - 1) + "," + field.replace('\'', '"') + "}");
        assertInvalidModel(reason, () -> PeftDirectory.read(dir, MODEL));
    }

    @Test
    void takesAllLinearAndTheDefaultsOfPeft() throws IOException {
        LoraAdapter adapter = adapter(new LoraConfig(8, 8, false, LoraConfig.ALL_LINEAR));
        PeftDirectory.write(dir, adapter, "base");
        Files.writeString(dir.resolve("adapter_config.json"), """
                {"peft_type": "LORA", "target_modules": "all-linear", "some_future_field": 3, "init_lora_weights": "gaussian"}""");
        assertEquals(adapter.config(), PeftDirectory.read(dir, MODEL).config());
    }

    private static void assertSameBits(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        assertTrue(expected.length > 0);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(Float.floatToRawIntBits(expected[i]), Float.floatToRawIntBits(actual[i]), "value " + i);
        }
    }
}
