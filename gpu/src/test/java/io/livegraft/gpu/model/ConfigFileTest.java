package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.List;
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
        assertEquals(1, config.bosTokenId());
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
    void acceptsMistralWithoutASlidingWindow() {
        String mistral = TinyBase.CONFIG.replace("Llama", "Mistral");
        assertEquals(8, read(mistral).hiddenSize(), "the default window is longer than any sequence");
        String longer = mistral.replace("\"max_position_embeddings\": 32", "\"max_position_embeddings\": 32768");
        assertInvalidModel("sliding_window missing, expected null", () -> read(longer));
        assertEquals(
                32768,
                read(longer.replace("\"torch_dtype\": \"float32\"", "\"sliding_window\": null"))
                        .maxPositions());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0} | rope_scaling = {\"type\":\"linear\",\"factor\":2.0}, expected null",
                "\"sliding_window\": 16 | sliding_window = 16, expected null",
                "\"attention_bias\": true | attention_bias = true, expected false",
                "\"mlp_bias\": true | mlp_bias = true, expected false",
                "\"hidden_act\": \"gelu\" | hidden_act = \"gelu\", expected \"silu\"",
                "\"quantization_config\": {} | quantization_config = {}, expected null",
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
                "\"bos_token_id\": null | bos_token_id = null, expected token ids from 0 to 15",
                "\"bos_token_id\": 16 | bos_token_id = 16",
                "\"eos_token_id\": [2, -1] | eos_token_id = [2,-1]",
                "\"eos_token_id\": [] | eos_token_id = [], expected at least one",
            })
    void refusesByNameWhatItCanNotCompute(String fields, String reason) {
        assertInvalidModel(reason, () -> read(with(fields)));
    }

    @Test
    void refusesWhatIsNotAJsonObject() {
        assertInvalidModel("config.json is not valid JSON", () -> read("{\"a\": "));
        assertInvalidModel("config.json does not hold a JSON object", () -> read("[]"));
        assertInvalidModel("config.json does not hold a JSON object", () -> read(""));
    }
}
