package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** Windows and biases of {@code config.json}, as the family's Hugging Face classes take them. */
record AttentionFields(JsonFile json, Family family, int layers) {
    private static final String WINDOW = "sliding_window";
    private static final String LAYER_TYPES = "layer_types";
    /** What MistralConfig, Qwen2Config and Qwen3Config take when the field is absent; null turns windows off. */
    private static final int DEFAULT_WINDOW = 4096;
    /** What Qwen2Config and Qwen3Config take when {@code max_window_layers} is absent. */
    private static final int DEFAULT_FULL_LAYERS = 28;

    /** For every layer, or none where all see all. */
    List<Integer> windows() {
        return switch (family) {
            case LLAMA -> {
                refuse(WINDOW);
                refuse(LAYER_TYPES);
                yield List.of();
            }
            case MISTRAL -> {
                refuse(LAYER_TYPES);
                OptionalInt window = window();
                yield window.isPresent() ? Collections.nCopies(layers, window.getAsInt()) : List.of();
            }
            case QWEN2, QWEN3 -> {
                OptionalInt window = json.flag("use_sliding_window", false) ? window() : OptionalInt.empty();
                yield json.has(LAYER_TYPES) ? byLayerTypes(window) : byDepth(window);
            }
        };
    }

    private void refuse(String field) {
        if (json.has(field)) {
            throw json.unexpected(field, "null: %s treats all layers alike".formatted(family.architecture()));
        }
    }

    private OptionalInt window() {
        if (!json.root().has(WINDOW)) {
            return OptionalInt.of(DEFAULT_WINDOW);
        }
        return json.has(WINDOW) ? OptionalInt.of(json.positiveInt(WINDOW)) : OptionalInt.empty();
    }

    private List<Integer> byDepth(OptionalInt window) {
        int full = json.wholeNumber("max_window_layers", DEFAULT_FULL_LAYERS);
        if (window.isEmpty() || full >= layers) {
            return List.of();
        }
        return IntStream.range(0, layers)
                .map(layer -> layer < full ? Integer.MAX_VALUE : window.getAsInt())
                .boxed()
                .toList();
    }

    private List<Integer> byLayerTypes(OptionalInt window) {
        JsonNode types = json.get(LAYER_TYPES);
        if (!types.isArray() || types.size() != layers) {
            throw json.unexpected(LAYER_TYPES, "%d names, one for each layer".formatted(layers));
        }
        List<Integer> windows = types.valueStream()
                .map(type -> switch (type.asText()) {
                    case "full_attention" -> Integer.MAX_VALUE;
                    case "sliding_attention" ->
                        window.orElseThrow(() -> json.unexpected(
                                LAYER_TYPES, "\"full_attention\" only: use_sliding_window or sliding_window is off"));
                    default -> throw json.unexpected(LAYER_TYPES, "\"full_attention\" or \"sliding_attention\"");
                })
                .toList();
        return windows.stream().allMatch(keys -> keys == Integer.MAX_VALUE) ? List.of() : windows;
    }

    /** Linear kinds with a bias. */
    Set<String> biased() {
        Set<String> attention = Set.of("q_proj", "k_proj", "v_proj", "o_proj");
        return switch (family) {
            case LLAMA -> {
                Set<String> biased = new HashSet<>();
                if (json.flag("attention_bias", false)) {
                    biased.addAll(attention);
                }
                if (json.flag("mlp_bias", false)) {
                    biased.addAll(Set.of("gate_proj", "up_proj", "down_proj"));
                }
                yield biased;
            }
            case MISTRAL -> Set.of();
            case QWEN2 -> Set.of("q_proj", "k_proj", "v_proj");
            case QWEN3 -> json.flag("attention_bias", false) ? attention : Set.of();
        };
    }

    boolean queryKeyNorm() {
        return family == Family.QWEN3;
    }
}
