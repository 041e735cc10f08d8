package io.livegraft.gpu.lora;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.livegraft.gpu.model.JsonFile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * PEFT's {@code adapter_config.json}. Written with sorted keys and two spaces as PEFT does; read so that every field which
 * would make another computation than {@code W x + scaling · B (A x)} on whole linear kinds is refused by name. Fields it
 * doesn't know are passed over, as PEFT passes over them.
 */
final class AdapterConfigFile {
    /** Fields that must be absent, null, false or empty: each is a variant that is not supported. */
    private static final List<String> UNSUPPORTED = List.of(
            "alora_invocation_tokens",
            "alpha_pattern",
            "arrow_config",
            "exclude_modules",
            "fan_in_fan_out",
            "kasa_config",
            "layer_replication",
            "layers_to_transform",
            "lora_bias",
            "modules_to_save",
            "monteclora_config",
            "rank_pattern",
            "target_parameters",
            "trainable_token_indices",
            "use_bdlora",
            "use_dora",
            "use_qalora",
            "velora_config");

    /** Ways to begin that leave the base as it is; the others (PiSSA, OLoRA, LoftQ, ...) change it. */
    private static final Set<String> BEGINNINGS = Set.of("true", "false", "gaussian", "eva", "orthogonal");

    private AdapterConfigFile() {}

    static LoraConfig read(JsonFile json) {
        if (!json.get("peft_type").asText().equals("LORA")) {
            throw json.unexpected("peft_type", "\"LORA\"");
        }
        for (String field : UNSUPPORTED) {
            JsonNode value = json.get(field);
            boolean off = value.isBoolean() ? !value.booleanValue() : value.isMissingNode() || isEmptyContainer(value);
            if (!off) {
                throw json.unexpected(field, "it to be absent: it is not supported");
            }
        }
        if (!json.get("bias").asText("none").equals("none")) {
            throw json.unexpected("bias", "\"none\"");
        }
        if (!BEGINNINGS.contains(json.get("init_lora_weights").asText("true"))) {
            throw json.unexpected("init_lora_weights", "a way that leaves the base unchanged");
        }
        return new LoraConfig(
                json.positiveInt("r", 8),
                json.positiveNumber("lora_alpha", 8),
                json.flag("use_rslora", false),
                targetModules(json));
    }

    private static boolean isEmptyContainer(JsonNode value) {
        return value.isContainerNode() && value.isEmpty();
    }

    private static List<String> targetModules(JsonFile json) {
        JsonNode node = json.get("target_modules");
        if (node.asText().equals("all-linear")) {
            return LoraConfig.ALL_LINEAR;
        }
        List<String> modules = new ArrayList<>();
        node.forEach(module -> modules.add(module.asText()));
        if (!node.isArray() || modules.isEmpty() || !LoraConfig.ALL_LINEAR.containsAll(modules)) {
            throw json.unexpected("target_modules", "\"all-linear\" or a list of some of " + LoraConfig.ALL_LINEAR);
        }
        return modules;
    }

    static byte[] write(LoraConfig config, String baseName) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        Map<String, JsonNode> fields = new TreeMap<>();
        fields.put("alpha_pattern", nodes.objectNode());
        fields.put("auto_mapping", nodes.nullNode());
        fields.put("base_model_name_or_path", nodes.textNode(baseName));
        fields.put("bias", nodes.textNode("none"));
        fields.put("fan_in_fan_out", nodes.booleanNode(false));
        fields.put("inference_mode", nodes.booleanNode(true));
        fields.put("init_lora_weights", nodes.booleanNode(true));
        fields.put("layers_pattern", nodes.nullNode());
        fields.put("layers_to_transform", nodes.nullNode());
        fields.put("lora_alpha", alpha(config.alpha()));
        fields.put("lora_dropout", nodes.numberNode(0.0));
        fields.put("modules_to_save", nodes.nullNode());
        fields.put("peft_type", nodes.textNode("LORA"));
        fields.put("r", nodes.numberNode(config.rank()));
        fields.put("rank_pattern", nodes.objectNode());
        fields.put("revision", nodes.nullNode());
        fields.put(
                "target_modules",
                nodes.arrayNode()
                        .addAll(config.targetModules().stream()
                                .map(nodes::textNode)
                                .toList()));
        fields.put("task_type", nodes.textNode("CAUSAL_LM"));
        fields.put("use_dora", nodes.booleanNode(false));
        fields.put("use_rslora", nodes.booleanNode(config.rankStabilized()));
        return pretty(nodes.objectNode().setAll(fields));
    }

    /** PEFT declares an integer; fractions are kept all the same. */
    private static JsonNode alpha(double alpha) {
        boolean whole = alpha == Math.rint(alpha) && alpha <= Integer.MAX_VALUE;
        return whole ? JsonNodeFactory.instance.numberNode((int) alpha) : JsonNodeFactory.instance.numberNode(alpha);
    }

    private static byte[] pretty(JsonNode json) {
        DefaultIndenter twoSpaces = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter python = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator(""));
        python.indentObjectsWith(twoSpaces);
        python.indentArraysWith(twoSpaces);
        try {
            return new JsonMapper().writer(python).writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values can always be written", e);
        }
    }
}
