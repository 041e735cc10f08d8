package io.livegraft.gpu.lora;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes PEFT's {@code adapter_config.json} with the fields of its version 0.9, sorted keys and two spaces; the order of the
 * patterns is kept, since it counts.
 */
final class AdapterConfigWriter {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private AdapterConfigWriter() {}

    static byte[] write(LoraConfig config, AdapterOrigin origin) {
        Map<String, JsonNode> fields = new TreeMap<>();
        fields.put("auto_mapping", NODES.nullNode());
        fields.put("base_model_name_or_path", text(origin.base()));
        fields.put("bias", NODES.textNode("none"));
        fields.put("fan_in_fan_out", NODES.booleanNode(false));
        fields.put("inference_mode", NODES.booleanNode(true));
        fields.put("loftq_config", NODES.objectNode());
        fields.put("megatron_config", NODES.nullNode());
        fields.put("megatron_core", NODES.textNode("megatron.core"));
        fields.put("modules_to_save", NODES.nullNode());
        fields.put("peft_type", NODES.textNode("LORA"));
        fields.put("revision", text(origin.revision()));
        fields.put("task_type", text(origin.taskType()));
        fields.put("use_dora", NODES.booleanNode(false));
        putShape(fields, config);
        putTargets(fields, config.targets());
        return pretty(NODES.objectNode().setAll(fields));
    }

    private static void putShape(Map<String, JsonNode> fields, LoraConfig config) {
        ObjectNode ranks = NODES.objectNode();
        config.rankPattern().forEach(ranks::put);
        ObjectNode alphas = NODES.objectNode();
        config.alphaPattern().forEach((pattern, alpha) -> alphas.set(pattern, alpha(alpha)));
        fields.put("alpha_pattern", alphas);
        fields.put(
                "init_lora_weights",
                switch (config.initialization()) {
                    case KAIMING_UNIFORM -> NODES.booleanNode(true);
                    case GAUSSIAN -> NODES.textNode("gaussian");
                });
        fields.put("lora_alpha", alpha(config.alpha()));
        fields.put("lora_dropout", NODES.numberNode(config.dropout()));
        fields.put("r", NODES.numberNode(config.rank()));
        fields.put("rank_pattern", ranks);
        fields.put("use_rslora", NODES.booleanNode(config.rankStabilized()));
    }

    private static void putTargets(Map<String, JsonNode> fields, LoraTargets targets) {
        fields.put("target_modules", modules(targets.modules()));
        if (!targets.excluded().equals(LoraTargets.NONE)) {
            fields.put("exclude_modules", modules(targets.excluded()));
        }
        fields.put("layers_pattern", NODES.nullNode());
        fields.put(
                "layers_to_transform",
                targets.layers().isEmpty()
                        ? NODES.nullNode()
                        : NODES.arrayNode()
                                .addAll(targets.layers().stream()
                                        .map(NODES::numberNode)
                                        .toList()));
    }

    private static JsonNode modules(ModuleSelection modules) {
        return switch (modules) {
            case ModuleSelection.Names(var names) ->
                NODES.arrayNode().addAll(names.stream().map(NODES::textNode).toList());
            case ModuleSelection.Regex(var pattern) -> NODES.textNode(pattern);
            case ModuleSelection.AllLinear() -> NODES.textNode(ModuleSelection.ALL_LINEAR);
        };
    }

    private static JsonNode text(Optional<String> text) {
        return text.<JsonNode>map(NODES::textNode).orElseGet(NODES::nullNode);
    }

    /** PEFT declares an integer; fractions are kept all the same. */
    private static JsonNode alpha(double alpha) {
        boolean whole = alpha == Math.rint(alpha) && alpha <= Integer.MAX_VALUE;
        return whole ? NODES.numberNode((int) alpha) : NODES.numberNode(alpha);
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
