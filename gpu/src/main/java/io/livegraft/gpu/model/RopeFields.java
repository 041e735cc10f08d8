package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The rotary fields of {@code config.json}: {@code rope_theta} and {@code rope_scaling}, or both together in {@code
 * rope_parameters} as newer files have them.
 */
record RopeFields(JsonFile json) {
    private static final String SCALING = "rope_scaling";
    private static final String PARAMETERS = "rope_parameters";
    private static final String EXPECTED = "rope_type \"default\", \"linear\" or \"llama3\": no other is supported";

    double theta() {
        JsonNode nested = json.get(PARAMETERS).path("rope_theta");
        if (nested.isMissingNode() || nested.isNull()) {
            return json.positiveNumber("rope_theta", 10_000);
        }
        return positive(PARAMETERS, "rope_theta");
    }

    RopeScaling scaling() {
        if (json.positiveNumber("partial_rotary_factor", 1) != 1) {
            throw json.unexpected("partial_rotary_factor", "1");
        }
        RopeScaling newer = scaling(PARAMETERS);
        RopeScaling older = json.has(SCALING) ? scaling(SCALING) : newer;
        if (json.has(PARAMETERS) && !older.equals(newer)) {
            throw json.unexpected(SCALING, "the same as in " + PARAMETERS);
        }
        return older;
    }

    private RopeScaling scaling(String field) {
        JsonNode node = json.get(field);
        if (node.isMissingNode()) {
            return new RopeScaling.None();
        }
        if (!node.path("partial_rotary_factor").isMissingNode() && positive(field, "partial_rotary_factor") != 1) {
            throw json.unexpected(field, "partial_rotary_factor 1");
        }
        String type = node.path("rope_type").asText(node.path("type").asText(node.isObject() ? "default" : ""));
        return switch (type) {
            case "default" -> {
                if (node.properties().stream()
                        .anyMatch(entry -> entry.getValue().isObject())) {
                    throw json.unexpected(field, "one rope_type for all layers");
                }
                yield new RopeScaling.None();
            }
            case "linear" -> new RopeScaling.Linear(positive(field, "factor"));
            case "llama3" -> llama3(field);
            default -> throw json.unexpected(field, EXPECTED);
        };
    }

    private RopeScaling llama3(String field) {
        double low = positive(field, "low_freq_factor");
        double high = positive(field, "high_freq_factor");
        if (high <= low) {
            throw json.unexpected(field, "high_freq_factor above low_freq_factor");
        }
        double original = positive(field, "original_max_position_embeddings");
        if (original != Math.rint(original) || original > Integer.MAX_VALUE) {
            throw json.unexpected(field, "original_max_position_embeddings as a whole number");
        }
        return new RopeScaling.Llama3(positive(field, "factor"), low, high, (int) original);
    }

    private double positive(String field, String inner) {
        JsonNode node = json.get(field).path(inner);
        if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
            throw json.unexpected(field, inner + " above 0");
        }
        return node.doubleValue();
    }
}
