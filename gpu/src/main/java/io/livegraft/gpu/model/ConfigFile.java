package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads {@code config.json} of the Llama family. Whatever would make another computation than the transformer's is refused
 * by name, so that no base is served wrongly in silence. Absent fields take the defaults of Hugging Face's LlamaConfig.
 */
final class ConfigFile {
    private static final String LLAMA = "LlamaForCausalLM";
    private static final String MISTRAL = "MistralForCausalLM";
    /** What MistralConfig takes when the field is absent; null in the file turns the window off. */
    private static final int MISTRAL_DEFAULT_WINDOW = 4096;

    private final JsonFile json;

    private ConfigFile(JsonFile json) {
        this.json = json;
    }

    static ModelConfig read(Path file) {
        ConfigFile config = new ConfigFile(JsonFile.read(file));
        config.refuseTheUnsupported(config.architecture());
        return config.model();
    }

    private String architecture() {
        String name = json.get("architectures").path(0).asText();
        if (!name.equals(LLAMA) && !name.equals(MISTRAL)) {
            throw json.unexpected("architectures", "[\"%s\"] or [\"%s\"]".formatted(LLAMA, MISTRAL));
        }
        return name;
    }

    private void refuseTheUnsupported(String architecture) {
        for (String field : List.of("rope_scaling", "sliding_window", "quantization_config")) {
            if (json.has(field)) {
                throw json.unexpected(field, "null: it is not supported yet");
            }
        }
        for (String field : List.of("attention_bias", "mlp_bias")) {
            if (json.flag(field, false)) {
                throw json.unexpected(field, "false: it is not supported yet");
            }
        }
        if (json.has("hidden_act") && !json.get("hidden_act").asText().equals("silu")) {
            throw json.unexpected("hidden_act", "\"silu\"");
        }
        if (json.positiveNumber("partial_rotary_factor", 1) != 1) {
            throw json.unexpected("partial_rotary_factor", "1");
        }
        if (!json.get("rope_parameters").path("rope_type").asText("default").equals("default")) {
            throw json.unexpected("rope_parameters", "rope_type \"default\": no other is supported yet");
        }
        boolean windowUnsaid = !json.root().has("sliding_window");
        if (architecture.equals(MISTRAL)
                && windowUnsaid
                && json.positiveInt("max_position_embeddings") > MISTRAL_DEFAULT_WINDOW) {
            throw json.unexpected(
                    "sliding_window", "null: absent means %d to Mistral".formatted(MISTRAL_DEFAULT_WINDOW));
        }
    }

    private ModelConfig model() {
        int hidden = json.positiveInt("hidden_size");
        int heads = json.positiveInt("num_attention_heads");
        int kvHeads = json.positiveInt("num_key_value_heads", heads);
        if (heads % kvHeads != 0) {
            throw json.unexpected("num_key_value_heads", "a divisor of num_attention_heads = " + heads);
        }
        if (!json.has("head_dim") && hidden % heads != 0) {
            throw json.unexpected("num_attention_heads", "a divisor of hidden_size = " + hidden);
        }
        int headDim = json.positiveInt("head_dim", hidden / heads);
        if (headDim % 2 != 0) {
            throw json.unexpected("head_dim", "an even number, not " + headDim + ": rotary embedding turns pairs");
        }
        int vocab = json.positiveInt("vocab_size");
        return new ModelConfig(
                hidden,
                json.positiveInt("intermediate_size"),
                json.positiveInt("num_hidden_layers"),
                heads,
                kvHeads,
                headDim,
                vocab,
                json.positiveInt("max_position_embeddings"),
                (float) json.positiveNumber("rms_norm_eps", 1e-6),
                ropeTheta(),
                json.flag("tie_word_embeddings", false),
                bos(vocab),
                eos(vocab));
    }

    private double ropeTheta() {
        JsonNode nested = json.get("rope_parameters").path("rope_theta");
        return nested.isNumber() ? nested.doubleValue() : json.positiveNumber("rope_theta", 10_000);
    }

    private int bos(int vocab) {
        JsonNode node = json.root().path("bos_token_id");
        return node.isMissingNode() ? 1 : tokenId("bos_token_id", node, vocab);
    }

    private List<Integer> eos(int vocab) {
        JsonNode node = json.root().path("eos_token_id");
        if (node.isMissingNode()) {
            return List.of(2);
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : node.isArray() ? node : List.of(node)) {
            ids.add(tokenId("eos_token_id", id, vocab));
        }
        if (ids.isEmpty()) {
            throw json.unexpected("eos_token_id", "at least one token id");
        }
        return ids;
    }

    private int tokenId(String field, JsonNode node, int vocab) {
        if (!node.isIntegralNumber() || node.longValue() < 0 || node.longValue() >= vocab) {
            throw json.unexpected(field, "token ids from 0 to " + (vocab - 1));
        }
        return node.intValue();
    }
}
