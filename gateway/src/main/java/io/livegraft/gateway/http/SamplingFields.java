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
import java.util.stream.IntStream;

/** The fields of a request that say how tokens are drawn. */
final class SamplingFields {
    private SamplingFields() {}

    /**
     * What is to be said of tokens besides drawing them.
     *
     * @param likeliest tokens that are named with each
     * @param prompt whether the prompt's own are scored
     */
    record Scores(int likeliest, boolean prompt) {}

    /** One for each choice that is wanted; a field that is out of range is refused by its name. */
    static List<SamplingSettings> read(Fields fields, int maxTokens, Scores scores, HttpLimits limits) {
        int choices = choices(fields, limits.maxChoices());
        long seed = fields.longInteger("seed")
                .orElseGet(() -> ThreadLocalRandom.current().nextLong());
        return IntStream.range(0, choices)
                .mapToObj(choice -> settings(fields, maxTokens, seed(seed, choice), scores))
                .toList();
    }

    private static int choices(Fields fields, int most) {
        int choices = fields.integer("n").orElse(1);
        if (choices < 1 || choices > most) {
            throw Fields.refuse("n", "n is %d, expected 1 to %d".formatted(choices, most));
        }
        int candidates = fields.integer("best_of").orElse(choices);
        if (candidates != choices) {
            throw Fields.refuse(
                    "best_of",
                    "best_of is %d, but the best of several is not looked for: expected n, %d"
                            .formatted(candidates, choices));
        }
        return choices;
    }

    /** The first choice draws as a request for one does, each further one otherwise (steps of the golden ratio). */
    private static long seed(long seed, int choice) {
        return seed ^ (choice * 0x9E3779B97F4A7C15L);
    }

    private static SamplingSettings settings(Fields fields, int maxTokens, long seed, Scores scores) {
        double temperature = fields.number("temperature").orElse(1);
        double topP = fields.number("top_p").orElse(1);
        int topK = fields.integer("top_k").orElse(0);
        try {
            LogitAdjustment adjustment = new LogitAdjustment(
                    fields.number("presence_penalty").orElse(0),
                    fields.number("frequency_penalty").orElse(0),
                    bias(fields));
            return new SamplingSettings(
                    maxTokens,
                    temperature,
                    topP,
                    topK,
                    seed,
                    stop(fields),
                    adjustment,
                    scores.likeliest(),
                    scores.prompt());
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
