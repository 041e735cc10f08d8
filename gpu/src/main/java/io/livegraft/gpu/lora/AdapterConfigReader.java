package io.livegraft.gpu.lora;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Reads PEFT's {@code adapter_config.json} so that every field which would make another computation than
 * {@code W x + scaling · B (A x)} on whole linear layers is refused by name. Fields it doesn't know are passed over, as PEFT
 * passes over them.
 */
final class AdapterConfigReader {
    /** Fields that must be absent, null, false or empty, and what to do where they are not. */
    private static final Map<String, String> UNSUPPORTED = new TreeMap<>(Map.ofEntries(
            Map.entry("alora_invocation_tokens", "train a plain LoRA adapter"),
            Map.entry("arrow_config", "load the adapters that it routes to one by one"),
            Map.entry("fan_in_fan_out", "it is for GPT-2's transposed weights, which no base here has"),
            Map.entry("kasa_config", "train a plain LoRA adapter"),
            Map.entry("layer_replication", "save the base with its layers replicated and train on that"),
            Map.entry("lora_bias", "train the adapter with lora_bias=false"),
            Map.entry("modules_to_save", "train the adapter without it: whole modules belong to the shared base"),
            Map.entry("monteclora_config", "train a plain LoRA adapter"),
            Map.entry("target_parameters", "name linear layers in target_modules instead"),
            Map.entry(
                    "trainable_token_indices",
                    "train the adapter without it: the embedding belongs to the shared base"),
            Map.entry("use_bdlora", "train a plain LoRA adapter"),
            Map.entry("use_dora", "train the adapter with use_dora=false: DoRA's magnitudes are not supported"),
            Map.entry("use_qalora", "train a plain LoRA adapter"),
            Map.entry("velora_config", "train a plain LoRA adapter")));

    /** Ways to begin that leave the base as it is; the others (PiSSA, OLoRA, LoftQ, ...) change it. */
    private static final List<String> BEGINNINGS = List.of("true", "false", "gaussian", "eva", "orthogonal");

    private final JsonFile json;

    AdapterConfigReader(JsonFile json) {
        this.json = json;
    }

    LoraConfig config() {
        if (!json.get("peft_type").asText().equals("LORA")) {
            throw json.unexpected("peft_type", "\"LORA\"");
        }
        UNSUPPORTED.forEach((field, advice) -> {
            JsonNode value = json.get(field);
            if (!isOff(value)) {
                throw json.unexpected(field, "it to be absent or off; " + advice);
            }
        });
        if (!json.get("bias").asText("none").equals("none")) {
            throw json.unexpected("bias", "\"none\"; train the adapter without biases: they belong to the shared base");
        }
        try {
            return new LoraConfig(
                    json.positiveInt("r", 8),
                    json.positiveNumber("lora_alpha", 8),
                    json.flag("use_rslora", false),
                    targets(),
                    ranks(),
                    alphas(),
                    dropout(),
                    initialization());
        } catch (IllegalArgumentException e) {
            throw new LivegraftException(ErrorCode.INVALID_MODEL, "%s: %s".formatted(json.file(), e.getMessage()), e);
        }
    }

    AdapterOrigin origin() {
        return new AdapterOrigin(text("base_model_name_or_path"), text("revision"), text("task_type"));
    }

    private Optional<String> text(String field) {
        return Optional.of(json.get(field)).filter(JsonNode::isTextual).map(JsonNode::textValue);
    }

    private static boolean isOff(JsonNode value) {
        return value.isBoolean() ? !value.booleanValue() : value.isMissingNode() || isEmpty(value);
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isContainerNode() && value.isEmpty();
    }

    private LoraTargets targets() {
        JsonNode layersPattern = json.get("layers_pattern");
        if (!isOff(layersPattern)
                && !layersPattern.asText().equals("layers")
                && !layersPattern.path(0).asText().equals("layers")) {
            throw json.unexpected("layers_pattern", "null or \"layers\", which is where this family has its layers");
        }
        return new LoraTargets(
                modules("target_modules"),
                isOff(json.get("exclude_modules")) ? LoraTargets.NONE : modules("exclude_modules"),
                layers());
    }

    private ModuleSelection modules(String field) {
        JsonNode node = json.get(field);
        if (node.isTextual() && !node.textValue().isEmpty()) {
            return ModuleSelection.of(node.textValue());
        }
        List<String> names = new ArrayList<>();
        node.forEach(name -> names.add(name.asText()));
        if (!node.isArray() || names.isEmpty() || names.stream().anyMatch(String::isEmpty)) {
            throw json.unexpected(field, "a list of module names, a regular expression or \"all-linear\"");
        }
        return new ModuleSelection.Names(names);
    }

    private List<Integer> layers() {
        JsonNode node = json.get("layers_to_transform");
        if (node.isMissingNode()) {
            return List.of();
        }
        List<Integer> layers = new ArrayList<>();
        for (JsonNode layer : node.isArray() ? node : List.of(node)) {
            if (!layer.isIntegralNumber() || !layer.canConvertToInt()) {
                throw json.unexpected("layers_to_transform", "a layer's number or a list of them");
            }
            layers.add(layer.intValue());
        }
        return layers;
    }

    private SequencedMap<String, Integer> ranks() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        patterns("rank_pattern").forEach((pattern, rank) -> {
            if (!rank.isIntegralNumber() || !rank.canConvertToInt()) {
                throw json.unexpected("rank_pattern", "whole numbers by regular expressions");
            }
            ranks.put(pattern, rank.intValue());
        });
        return ranks;
    }

    private SequencedMap<String, Double> alphas() {
        SequencedMap<String, Double> alphas = new LinkedHashMap<>();
        patterns("alpha_pattern").forEach((pattern, alpha) -> {
            if (!alpha.isNumber()) {
                throw json.unexpected("alpha_pattern", "numbers by regular expressions");
            }
            alphas.put(pattern, alpha.doubleValue());
        });
        return alphas;
    }

    private SequencedMap<String, JsonNode> patterns(String field) {
        JsonNode node = json.get(field);
        if (!node.isMissingNode() && !node.isObject()) {
            throw json.unexpected(field, "an object of numbers by regular expressions");
        }
        SequencedMap<String, JsonNode> patterns = new LinkedHashMap<>();
        node.properties().forEach(pattern -> patterns.put(pattern.getKey(), pattern.getValue()));
        return patterns;
    }

    private double dropout() {
        JsonNode node = json.get("lora_dropout");
        if (!node.isMissingNode() && !node.isNumber()) {
            throw json.unexpected("lora_dropout", "a number from 0 to less than 1");
        }
        return node.asDouble(0);
    }

    /** How the adapter began is past; a way that Livegraft can't repeat is read as the usual one. */
    private Initialization initialization() {
        String beginning = json.get("init_lora_weights").asText("true");
        if (!BEGINNINGS.contains(beginning)) {
            throw json.unexpected(
                    "init_lora_weights", "one of %s: the others change the shared base".formatted(BEGINNINGS));
        }
        return beginning.equals("gaussian") ? Initialization.GAUSSIAN : Initialization.KAIMING_UNIFORM;
    }
}
