package io.livegraft.gpu.lora;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.lora.ModuleSelection.AllLinear;
import io.livegraft.gpu.lora.ModuleSelection.Names;
import io.livegraft.gpu.lora.ModuleSelection.Regex;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeftDirectoryTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 12, 2, 4, 2, 2, 16, 32, 1e-5f, 1e4, true, 1, List.of(2));
    private static final String Q_A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";

    private static final SequencedMap<String, Integer> RANKS = new LinkedHashMap<>(Map.of("q_proj", 5));
    private static final SequencedMap<String, Double> ALPHAS =
            new LinkedHashMap<>(Map.of("layers.1.self_attn.q_proj", 7.5));

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
                new LoraConfig(3, 2.5, true, List.of("v_proj", "down_proj"))
                        .withDropout(0.05)
                        .withInitialization(Initialization.GAUSSIAN),
                new LoraConfig(3, 2, false, List.of("q_proj", "k_proj", "v_proj"))
                        .withTargets(new LoraTargets(
                                new Names(List.of("q_proj", "v_proj")),
                                new Names(List.of("model.layers.1.self_attn.v_proj")),
                                List.of(1)))
                        .withPatterns(RANKS, ALPHAS),
                new LoraConfig(3, 2, false, List.of("q_proj"))
                        .withTargets(LoraTargets.of(new Regex(".*layers\\.1\\.(mlp\\.up|self_attn\\.q)_proj"))),
                new LoraConfig(3, 2, false, List.of("q_proj")).withTargets(LoraTargets.of(new AllLinear())))) {
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
                  "loftq_config": {},
                  "lora_alpha": 16,
                  "lora_dropout": 0.0,
                  "megatron_config": null,
                  "megatron_core": "megatron.core",
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
    void decodesWhatItEncodes() {
        LoraConfig config = new LoraConfig(2, 4, false, List.of("up_proj"));
        LoraAdapter adapter = adapter(config);
        assertSameBits(
                adapter.values(),
                PeftDirectory.decode(PeftDirectory.safetensors(adapter), config, MODEL)
                        .values());
    }

    @Test
    void readsHalfPrecisionExactlyAndSavesItsValuesAsFloats() throws IOException {
        LoraAdapter adapter = adapter(new LoraConfig(2, 4, false, List.of("q_proj")));
        PeftDirectory.write(dir, adapter, "base");
        byte[] bf16 = SafetensorsWriter.encode(adapter.tensors(), DType.BF16, Map.of());
        Path file = dir.resolve("adapter_model.safetensors");
        Files.write(file, bf16);
        float[] read = PeftDirectory.read(dir, MODEL).values();
        for (int i = 0; i < read.length; i++) {
            assertEquals(adapter.values()[i], read[i], Math.abs(adapter.values()[i]) * 0x1p-8f);
        }
        assertSavedAsRead();

        // The same bits under the other name are other values.
        Files.write(
                file,
                new String(bf16, ISO_8859_1).replace("\"BF16\"", "\"F16\" ").getBytes(ISO_8859_1));
        float[] halves = PeftDirectory.read(dir, MODEL).values();
        for (int i = 0; i < read.length; i++) {
            short bits = (short) (Float.floatToRawIntBits(read[i]) >>> 16);
            assertEquals(Float.float16ToFloat(bits), halves[i]);
        }
        assertSavedAsRead();
    }

    private void assertSavedAsRead() {
        LoraAdapter read = PeftDirectory.read(dir, MODEL);
        PeftDirectory.write(dir.resolve("saved"), read, "base");
        assertSameBits(
                read.values(), PeftDirectory.read(dir.resolve("saved"), MODEL).values());
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
    void refusesAnAdapterOfAnotherBaseByName() {
        PeftDirectory.write(dir, adapter(new LoraConfig(2, 4, false, List.of("q_proj"))), "base");
        ModelConfig wider = new ModelConfig(16, 12, 2, 4, 2, 4, 16, 32, 1e-5f, 1e4, true, 1, List.of(2));
        assertInvalidModel("'" + Q_A + "' has shape [2, 8], expected [2, 16]", () -> PeftDirectory.read(dir, wider));
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
                "'use_dora': true | use_dora = true, expected it to be absent or off; train the adapter with use_dora=false",
                "'bias': 'lora_only' | bias = \"lora_only\", expected \"none\"; train the adapter without biases",
                "'bias': 'all' | bias = \"all\", expected \"none\"",
                "'lora_bias': true | lora_bias = true",
                "'modules_to_save': ['lm_head'] | modules_to_save = [\"lm_head\"], expected it to be absent or off; train",
                "'layer_replication': [[0, 1], [0, 2]] | layer_replication = [[0,1],[0,2]]",
                "'trainable_token_indices': [1] | trainable_token_indices = [1]",
                "'target_parameters': ['mlp.experts'] | target_parameters = [\"mlp.experts\"]",
                "'use_qalora': true | use_qalora = true",
                "'rank_pattern': {'q_proj': 0} | LoRA rank 0 must be at least 1",
                "'rank_pattern': {'q_proj': 4.5} | rank_pattern = {\"q_proj\":4.5}, expected whole numbers",
                "'rank_pattern': {'lm_head': 4} | pattern 'lm_head' matches no linear layer",
                "'rank_pattern': {'q_proj': 4} | lora_A.weight' has shape [2, 8], expected [4, 8]",
                "'alpha_pattern': ['q_proj'] | alpha_pattern = [\"q_proj\"], expected an object",
                "'alpha_pattern': {'q_proj': '4'} | alpha_pattern = {\"q_proj\":\"4\"}, expected numbers",
                "'layers_to_transform': [2] | layer 2 is not in this base",
                "'layers_to_transform': 'all' | layers_to_transform = \"all\", expected a layer's number",
                "'layers_to_transform': 1 | has tensor 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight'",
                "'layers_pattern': 'h', 'layers_to_transform': 1 | layers_pattern = \"h\", expected null",
                "'fan_in_fan_out': true | fan_in_fan_out = true",
                "'exclude_modules': 'model.*' | leave nothing of this base to adapt",
                "'lora_dropout': 1 | LoRA dropout 1.0 must be",
                "'lora_dropout': 'some' | lora_dropout = \"some\", expected a number",
                "'init_lora_weights': 'pissa' | init_lora_weights = \"pissa\", expected one of",
                "'r': 0 | r = 0, expected a whole number",
                "'r': 2147483647 | an adapter of rank 2147483647",
                "'r': 100000 | has shape [2, 8], expected [100000, 8]",
                "'lora_alpha': -1 | lora_alpha = -1, expected a number above 0",
                "'use_rslora': 'yes' | use_rslora = \"yes\", expected true or false",
                "'target_modules': 'q_.*' | target module 'q_.*' matches no linear layer",
                "'target_modules': '(q_proj' | '(q_proj' is not a regular expression",
                "'target_modules': ['q_proj', 'lm_head'] | take in 'lm_head'",
                "'target_modules': ['q_proj', 'query'] | target module 'query' matches no linear layer",
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
        LoraConfig config =
                new LoraConfig(8, 8, false, LoraConfig.ALL_LINEAR).withTargets(LoraTargets.of(new AllLinear()));
        PeftDirectory.write(dir, adapter(config), "base");
        Files.writeString(dir.resolve("adapter_config.json"), """
                {"peft_type": "LORA", "target_modules": "all-linear", "some_future_field": 3, "init_lora_weights": "eva"}""");
        assertEquals(config, PeftDirectory.read(dir, MODEL).config());
        assertEquals(
                new AdapterOrigin(Optional.empty(), Optional.empty(), Optional.empty()), PeftDirectory.origin(dir));
    }

    @Test
    void readsALayerByNumberOrListAndTheLayersOfTheFamily() throws IOException {
        LoraConfig config = new LoraConfig(2, 4, false, List.of("q_proj"))
                .withTargets(new LoraTargets(new Names(List.of("q_proj")), LoraTargets.NONE, List.of(1)));
        PeftDirectory.write(dir, adapter(config), "base");
        String json = Files.readString(dir.resolve("adapter_config.json"));
        for (String layers : List.of("1", "[1]", "[1, 1]")) {
            Files.writeString(
                    dir.resolve("adapter_config.json"),
                    json.replaceAll("(?s)\"layers_to_transform\": \\[.*?]", "\"layers_to_transform\": " + layers)
                            .replace("\"layers_pattern\": null", "\"layers_pattern\": \"layers\""));
            assertEquals(config, PeftDirectory.read(dir, MODEL).config());
        }
    }

    @Test
    void keepsTheOrderOfPatternsSinceTheFirstMatchCounts() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("self_attn.q_proj", 3);
        ranks.put("q_proj", 5);
        ranks.put("layers.1.self_attn.q_proj", 7);
        LoraConfig config = new LoraConfig(2, 4, false, List.of("q_proj")).withPatterns(ranks, new LinkedHashMap<>());
        PeftDirectory.write(dir, adapter(config), "base");
        LoraAdapter read = PeftDirectory.read(dir, MODEL);
        assertEquals(
                List.copyOf(ranks.sequencedKeySet()),
                List.copyOf(read.config().rankPattern().sequencedKeySet()));
        assertEquals(3, read.linears().get(1).rank());
    }

    private static void assertSameBits(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        assertTrue(expected.length > 0);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(Float.floatToRawIntBits(expected[i]), Float.floatToRawIntBits(actual[i]), "value " + i);
        }
    }
}
