package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gateway.wire.Fields;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Fields of OpenAI's requests that would change the answer and that Livegraft does not have: refused unless they hold
 * their neutral value, since ignoring them would answer another question. Fields that change nothing ({@code user},
 * {@code metadata}, …) are ignored.
 */
final class UnsupportedFields {
    private static final Map<String, Neutral> ANYWHERE = Map.of(
            "suffix",
            new Neutral(node -> node.isTextual() && node.textValue().isEmpty(), "an empty string, or none"),
            "functions",
            new Neutral(node -> node.isArray() && node.isEmpty(), "none: chat requests have tools"),
            "response_format",
            new Neutral(
                    node -> node.path("type").asText().equals("text"),
                    "{\"type\":\"text\"}: answers can't be held to a schema"),
            "modalities",
            new Neutral(node -> node.size() == 1 && node.get(0).asText().equals("text"), "[\"text\"]"));

    private static final Map<String, Neutral> IN_COMPLETIONS = Map.of(
            "tools", new Neutral(node -> node.isArray() && node.isEmpty(), "none: chat requests have tools"),
            "tool_choice", new Neutral(node -> "none".equals(node.textValue()), "\"none\""));

    private static final Map<String, Neutral> IN_CHAT = Map.of(
            "echo",
            new Neutral(node -> node.isBoolean() && !node.booleanValue(), "false"),
            "tool_choice",
            new Neutral(
                    node -> Set.of("none", "auto").contains(node.asText()),
                    "\"none\" or \"auto\": answers can't be held to a call"),
            "parallel_tool_calls",
            new Neutral(JsonNode::asBoolean, "true: answers can't be held to one call"));

    /**
     * The value of a field that asks for nothing.
     *
     * @param expected the same in words
     */
    private record Neutral(Predicate<JsonNode> test, String expected) {}

    private UnsupportedFields() {}

    static void refuseInCompletion(Fields fields) {
        refuse(fields, ANYWHERE);
        refuse(fields, IN_COMPLETIONS);
    }

    static void refuseInChat(Fields fields) {
        refuse(fields, ANYWHERE);
        refuse(fields, IN_CHAT);
    }

    private static void refuse(Fields fields, Map<String, Neutral> neutrals) {
        neutrals.forEach((name, neutral) -> fields.value(name)
                .filter(neutral.test().negate())
                .ifPresent(node -> {
                    throw Fields.wrong(name, node, neutral.expected());
                }));
    }
}
