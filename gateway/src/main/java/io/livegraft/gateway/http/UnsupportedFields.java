package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gateway.wire.Fields;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Fields of OpenAI's requests that would change the answer and that Livegraft does not have: refused unless they hold
 * their neutral value, since ignoring them would answer another question. Fields that change nothing ({@code user},
 * {@code metadata}, …) are ignored.
 */
final class UnsupportedFields {
    private static final Map<String, Predicate<JsonNode>> NEUTRAL = Map.ofEntries(
            Map.entry("suffix", node -> node.isTextual() && node.textValue().isEmpty()),
            Map.entry("tools", node -> node.isArray() && node.isEmpty()),
            Map.entry("functions", node -> node.isArray() && node.isEmpty()),
            Map.entry("tool_choice", node -> "none".equals(node.textValue())),
            Map.entry("response_format", node -> node.path("type").asText().equals("text")),
            Map.entry(
                    "modalities",
                    node -> node.size() == 1 && node.get(0).asText().equals("text")));

    private static final Map<String, Predicate<JsonNode>> NEUTRAL_IN_CHAT =
            Map.of("echo", node -> node.isBoolean() && !node.booleanValue());

    private UnsupportedFields() {}

    static void refuseIn(Fields fields) {
        refuse(fields, NEUTRAL);
    }

    static void refuseInChat(Fields fields) {
        refuse(fields, NEUTRAL);
        refuse(fields, NEUTRAL_IN_CHAT);
    }

    private static void refuse(Fields fields, Map<String, Predicate<JsonNode>> neutrals) {
        neutrals.forEach(
                (name, neutral) -> fields.value(name).filter(neutral.negate()).ifPresent(node -> {
                    throw Fields.refuse(name, "%s is %s, which is not supported".formatted(name, node));
                }));
    }
}
