package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Reads {@code config.json} of the Llama family. Whatever would make another computation than the transformer's is refused
 * by name, so that no base is served wrongly in silence. Absent fields take the defaults of the family's Hugging Face
 * config class; sizes must be there.
 */
final class ConfigFile {
    /** Fields of other computations. */
    private static final List<String> FOREIGN = List.of(
            "attn_logit_softcapping",
            "final_logit_softcapping",
            "num_experts",
            "num_local_experts",
            "n_routed_experts");

    private static final String BITSANDBYTES = "bitsandbytes";

    private final JsonFile json;
    private final Family family;

    private ConfigFile(JsonFile json) {
        this.json = json;
        this.family = Family.of(json);
    }

    static ModelConfig read(Path file) {
        ConfigFile config = new ConfigFile(JsonFile.read(file));
        config.refuseTheUnsupported();
        return config.model();
    }

    private void refuseTheUnsupported() {
        for (String field : FOREIGN) {
            if (json.has(field)) {
                throw json.unexpected(field, "null: it is not supported");
            }
        }
        if (json.has("quantization_config")) {
            refuseOtherQuantizations(json.get("quantization_config"));
        }
        if (json.flag("use_mrope", false)) {
            throw json.unexpected("use_mrope", "false: it is not supported");
        }
        if (json.has("hidden_act") && !json.get("hidden_act").asText().equals("silu")) {
            throw json.unexpected("hidden_act", "\"silu\"");
        }
    }

    /** Old files of bitsandbytes name no method. */
    private void refuseOtherQuantizations(JsonNode quantization) {
        boolean loads = quantization.path("load_in_4bit").asBoolean()
                || quantization.path("load_in_8bit").asBoolean();
        if (!quantization.path("quant_method").asText(loads ? BITSANDBYTES : "").equals(BITSANDBYTES)) {
            throw json.unexpected("quantization_config", "quant_method \"%s\"".formatted(BITSANDBYTES));
        }
    }

    private ModelConfig model() {
        int hidden = json.positiveInt("hidden_size");
        int layers = json.positiveInt("num_hidden_layers");
        int heads = json.positiveInt("num_attention_heads");
        int vocab = json.positiveInt("vocab_size");
        RopeFields rope = new RopeFields(json);
        AttentionFields attention = new AttentionFields(json, family, layers);
        return new ModelConfig(
                hidden,
                json.positiveInt("intermediate_size"),
                layers,
                heads,
                kvHeads(heads),
                headDim(hidden, heads),
                vocab,
                json.positiveInt("max_position_embeddings", family.maxPositions()),
                (float) json.positiveNumber("rms_norm_eps", 1e-6),
                rope.theta(),
                new FamilyTraits(rope.scaling(), attention.windows(), attention.biased(), attention.queryKeyNorm()),
                json.flag("tie_word_embeddings", false),
                bos(vocab),
                GenerationConfigFile.endTokens(json.file(), eos(vocab), vocab));
    }

    private int kvHeads(int heads) {
        int absent = json.root().has("num_key_value_heads")
                ? heads
                : family.kvHeads().orElse(heads);
        int kvHeads = json.positiveInt("num_key_value_heads", absent);
        if (heads % kvHeads != 0) {
            throw json.unexpected("num_key_value_heads", "a divisor of num_attention_heads = " + heads);
        }
        return kvHeads;
    }

    private int headDim(int hidden, int heads) {
        if (!json.has("head_dim") && family.headDim().isEmpty() && hidden % heads != 0) {
            throw json.unexpected("num_attention_heads", "a divisor of hidden_size = " + hidden);
        }
        int headDim = json.positiveInt("head_dim", family.headDim().orElse(hidden / heads));
        if (headDim % 2 != 0) {
            throw json.unexpected("head_dim", "an even number, not " + headDim + ": rotary embedding turns pairs");
        }
        return headDim;
    }

    /** Null where the base begins with nothing. */
    private OptionalInt bos(int vocab) {
        JsonNode node = json.root().path("bos_token_id");
        if (node.isNull()) {
            return OptionalInt.empty();
        }
        return node.isMissingNode() ? family.bos() : OptionalInt.of(tokenId("bos_token_id", node, vocab));
    }

    private List<Integer> eos(int vocab) {
        JsonNode node = json.root().path("eos_token_id");
        if (node.isMissingNode() && family.eos().isPresent()) {
            return List.of(family.eos().getAsInt());
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : node.isValueNode() ? List.of(node) : node) {
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
