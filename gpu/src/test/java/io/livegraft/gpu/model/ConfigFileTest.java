package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    @TempDir
    Path dir;

    private ModelConfig read(String config) {
        return ConfigFile.read(TinyBase.withConfig(dir, config).resolve("config.json"));
    }

    /** The tiny base's config with these fields before its own end. */
    private static String with(String fields) {
        return TinyBase.CONFIG.replaceFirst("\"torch_dtype\": \"float32\"", fields);
    }

    @Test
    void takesTheDefaultsOfHuggingFaceForAbsentFields() {
        ModelConfig config = read("""
                {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
                 "num_attention_heads": 4, "vocab_size": 16, "max_position_embeddings": 32, "head_dim": null}""");
        assertEquals(4, config.kvHeads());
        assertEquals(2, config.headDim());
        assertEquals(1e-6f, config.rmsNormEps());
        assertEquals(10_000, config.ropeTheta());
        assertFalse(config.tieWordEmbeddings());
        assertEquals(OptionalInt.of(1), config.bosTokenId());
        assertEquals(List.of(2), config.eosTokenIds());
    }

    @Test
    void takesSeveralEndsAndAnOwnHeadDim() {
        ModelConfig config = read(with("\"head_dim\": 6").replace("\"eos_token_id\": 2", "\"eos_token_id\": [2, 5]"));
        assertEquals(List.of(2, 5), config.eosTokenIds());
        assertEquals(6, config.headDim());
        assertEquals(24, config.outputFeatures("q_proj"));
    }

    @Test
    void takesTheRotaryBaseFromItsNewerPlace() {
        assertEquals(
                5e5,
                read(with("\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 500000.0}"))
                        .ropeTheta());
    }

    @Test
    void windowsOfMistralAreOnUnlessNull() {
        String mistral = TinyBase.CONFIG.replace("Llama", "Mistral");
        assertEquals(4096, read(mistral).window(1), "what MistralConfig takes for an absent field");
        String fields = "\"torch_dtype\": \"float32\"";
        assertEquals(7, read(mistral.replace(fields, "\"sliding_window\": 7")).window(0));
        assertEquals(
                Integer.MAX_VALUE,
                read(mistral.replace(fields, "\"sliding_window\": null")).window(0));
        String heads = mistral.replace("\"num_key_value_heads\": 2,", "").replace("_heads\": 4", "_heads\": 16");
        assertEquals(8, read(heads.replace("_size\": 8", "_size\": 32")).kvHeads(), "its default");
    }

    private static String qwen(String family, String fields) {
        return with(fields).replace("Llama", family);
    }

    @Test
    void windowsOfQwenAreOffUnlessUsedAndBeginAboveTheFullLayers() {
        assertEquals(
                Integer.MAX_VALUE, read(qwen("Qwen2", "\"sliding_window\": 7")).window(1));
        ModelConfig config =
                read(qwen("Qwen2", "\"use_sliding_window\": true, \"sliding_window\": 7, \"max_window_layers\": 1"));
        assertEquals(Integer.MAX_VALUE, config.window(0));
        assertEquals(7, config.window(1));
        assertEquals(
                Integer.MAX_VALUE,
                read(qwen("Qwen3", "\"use_sliding_window\": true")).window(1),
                "28 layers see all by default");
        ModelConfig named = read(
                qwen(
                        "Qwen3",
                        "\"use_sliding_window\": true, \"sliding_window\": 5, \"layer_types\": [\"sliding_attention\", \"full_attention\"]"));
        assertEquals(5, named.window(0));
        assertEquals(Integer.MAX_VALUE, named.window(1));
    }

    @Test
    void biasesAreThoseOfTheFamily() {
        Set<String> attention = Set.of("q_proj", "k_proj", "v_proj", "o_proj");
        Set<String> feedForward = Set.of("gate_proj", "up_proj", "down_proj");
        assertEquals(Set.of(), read(TinyBase.CONFIG).traits().biased());
        assertEquals(attention, read(with("\"attention_bias\": true")).traits().biased());
        assertEquals(feedForward, read(with("\"mlp_bias\": true")).traits().biased());
        assertEquals(
                Set.of("q_proj", "k_proj", "v_proj"),
                read(qwen("Qwen2", "\"x\": 0")).traits().biased());
        assertEquals(
                attention,
                read(qwen("Qwen3", "\"attention_bias\": true")).traits().biased());
    }

    @Test
    void qwen3NormalisesHeadsAndHasAHeadDimOfItsOwn() {
        ModelConfig config = read(qwen("Qwen3", "\"x\": 0"));
        assertTrue(config.traits().queryKeyNorm());
        assertEquals(128, config.headDim());
        assertFalse(read(qwen("Qwen2", "\"x\": 0")).traits().queryKeyNorm());
    }

    @Test
    void aBaseMayBeginWithNothing() {
        assertEquals(OptionalInt.empty(), read(with("\"bos_token_id\": null")).bosTokenId());
        String absent = TinyBase.CONFIG.replace("\"bos_token_id\": 1,", "");
        assertEquals(OptionalInt.of(1), read(absent).bosTokenId(), "LlamaConfig's default");
        assertEquals(OptionalInt.empty(), read(absent.replace("Llama", "Qwen2")).bosTokenId(), "Qwen2Config's default");
    }

    @Test
    void readsScaledRotaryEmbeddingUnderAllItsSpellings() {
        RopeScaling expected = new RopeScaling.Llama3(32, 1, 4, 8192);
        String fields =
                "\"factor\": 32.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192";
        for (String written : List.of(
                "\"rope_scaling\": {\"rope_type\": \"llama3\", " + fields + "}",
                "\"rope_scaling\": {\"type\": \"llama3\", " + fields + "}",
                "\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"llama3\", " + fields + "}")) {
            assertEquals(expected, read(with(written)).traits().ropeScaling(), written);
        }
        assertEquals(
                new RopeScaling.Linear(2),
                read(with("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}"))
                        .traits()
                        .ropeScaling());
        assertEquals(
                new RopeScaling.None(),
                read(with("\"rope_scaling\": null")).traits().ropeScaling());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0} | rope_scaling = {\"type\":\"dynamic\",\"factor\":2.0}, expected rope_type \"default\", \"linear\" or \"llama3\"",
                "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0} | rope_scaling = {\"rope_type\":\"yarn\"",
                "\"rope_scaling\": \"linear\" | rope_scaling = \"linear\", expected rope_type",
                "\"rope_scaling\": {\"type\": \"linear\"} | rope_scaling = {\"type\":\"linear\"}, expected factor above 0",
                "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4} | expected high_freq_factor above low_freq_factor",
                "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}, \"rope_parameters\": {\"rope_theta\": 1.0} | expected the same as in rope_parameters",
                "\"rope_parameters\": {\"full_attention\": {}} | expected one rope_type for all layers",
                "\"rope_parameters\": {\"partial_rotary_factor\": 0.5} | expected partial_rotary_factor 1",
                "\"final_logit_softcapping\": 30.0 | final_logit_softcapping = 30.0, expected null: it is not supported",
                "\"num_local_experts\": 8 | num_local_experts = 8, expected null",
                "\"use_mrope\": true | use_mrope = true, expected false",
                "\"sliding_window\": 16 | sliding_window = 16, expected null",
                "\"attention_bias\": 1 | attention_bias = 1, expected true or false",
                "\"layer_types\": [\"sliding_attention\"] | layer_types",
                "\"hidden_act\": \"gelu\" | hidden_act = \"gelu\", expected \"silu\"",
                "\"quantization_config\": {} | quantization_config = {}, expected quant_method \"bitsandbytes\"",
                "\"partial_rotary_factor\": 0.5 | partial_rotary_factor = 0.5, expected 1",
                "\"rope_parameters\": {\"rope_type\": \"yarn\"} | rope_parameters = {\"rope_type\":\"yarn\"}",
                "\"architectures\": [\"GPT2LMHeadModel\"] | architectures = [\"GPT2LMHeadModel\"], expected [\"LlamaForCausalLM\"]",
                "\"architectures\": [] | architectures = []",
                "\"hidden_size\": 0 | hidden_size = 0, expected a whole number from 1",
                "\"hidden_size\": \"8\" | hidden_size = \"8\"",
                "\"hidden_size\": null | hidden_size = null",
                "\"num_hidden_layers\": 1.5 | num_hidden_layers = 1.5",
                "\"vocab_size\": 99999999999 | vocab_size = 99999999999",
                "\"num_key_value_heads\": 3 | num_key_value_heads = 3, expected a divisor of num_attention_heads = 4",
                "\"num_attention_heads\": 6 | num_attention_heads = 6",
                "\"head_dim\": 3 | head_dim = 3, expected an even number",
                "\"rms_norm_eps\": -1 | rms_norm_eps = -1, expected a number above 0",
                "\"rope_theta\": \"x\" | rope_theta = \"x\"",
                "\"tie_word_embeddings\": 1 | tie_word_embeddings = 1, expected true or false",
                "\"bos_token_id\": 16 | bos_token_id = 16",
                "\"eos_token_id\": [2, -1] | eos_token_id = [2,-1]",
                "\"eos_token_id\": [] | eos_token_id = [], expected at least one",
            })
    void refusesByNameWhatItCanNotCompute(String fields, String reason) {
        assertInvalidModel(reason, () -> read(with(fields)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"use_sliding_window\": true, \"sliding_window\": 0 | sliding_window = 0",
                "\"use_sliding_window\": true, \"max_window_layers\": -1 | max_window_layers = -1, expected a whole number from 0",
                "\"layer_types\": [\"full_attention\"] | expected 2 names, one for each layer",
                "\"layer_types\": [\"full_attention\", \"sliding_attention\"] | expected \"full_attention\" only: use_sliding_window",
                "\"layer_types\": [\"full_attention\", \"chunked_attention\"] | expected \"full_attention\" or \"sliding_attention\"",
            })
    void refusesWindowsOfQwenThatContradictThemselves(String fields, String reason) {
        assertInvalidModel(reason, () -> read(qwen("Qwen3", fields)));
    }

    @Test
    void refusesWhatIsNotAJsonObject() {
        assertInvalidModel("config.json is not valid JSON", () -> read("{\"a\": "));
        assertInvalidModel("config.json does not hold a JSON object", () -> read("[]"));
        assertInvalidModel("config.json does not hold a JSON object", () -> read(""));
    }
}
