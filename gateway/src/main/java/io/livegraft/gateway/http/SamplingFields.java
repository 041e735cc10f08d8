package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** The fields of a request that say how tokens are drawn. */
final class SamplingFields {
    private SamplingFields() {}

    /** A field that is out of range is refused by its name. {@code topLogprobs} tokens are named with each. */
    static SamplingSettings read(Fields fields, int maxTokens, int topLogprobs) {
        double temperature = fields.number("temperature").orElse(1);
        double topP = fields.number("top_p").orElse(1);
        int topK = fields.integer("top_k").orElse(0);
        long seed = fields.longInteger("seed")
                .orElseGet(() -> ThreadLocalRandom.current().nextLong());
        try {
            LogitAdjustment adjustment = new LogitAdjustment(
                    fields.number("presence_penalty").orElse(0),
                    fields.number("frequency_penalty").orElse(0),
                    bias(fields));
            return new SamplingSettings(
                    maxTokens, temperature, topP, topK, seed, stop(fields), adjustment, topLogprobs);
        } catch (IllegalArgumentException outOfRange) {
            // The settings speak in OpenAI's field names: "temperature is 3.0, expected between 0 and 2".
            String message = String.valueOf(outOfRange.getMessage());
            throw Fields.refuse(message.substring(0, Math.max(0, message.indexOf(' '))), message);
        }
    }

    private static Map<Integer, Double> bias(Fields fields) {
        var bias = new HashMap<Integer, Double>();
        fields.value("logit_bias").ifPresent(node -> {
            if (!node.isObject()) {
                throw Fields.wrong("logit_bias", node, "an object of token ids and numbers");
            }
            node.properties().forEach(each -> bias.put(token(each.getKey()), value(each.getValue())));
        });
        return bias;
    }

    private static int token(String id) {
        try {
            return Integer.parseInt(id);
        } catch (NumberFormatException notOne) {
            throw Fields.refuse("logit_bias", "logit_bias names '%s', expected a token id".formatted(id));
        }
    }

    private static double value(JsonNode node) {
        if (!node.isNumber()) {
            throw Fields.wrong("logit_bias", node, "a number");
        }
        return node.doubleValue();
    }

    private static List<String> stop(Fields fields) {
        return fields.value("stop")
                .map(node -> node.isTextual() ? List.of(node.textValue()) : strings("stop", node))
                .orElse(List.of());
    }

    private static List<String> strings(String name, JsonNode node) {
        if (!node.isArray()) {
            throw Fields.wrong(name, node, "a string or a list of strings");
        }
        var strings = new ArrayList<String>();
        for (JsonNode element : node) {
            if (!element.isTextual()) {
                throw Fields.wrong(name, node, "a string or a list of strings");
            }
            strings.add(element.textValue());
        }
        return strings;
    }
}
