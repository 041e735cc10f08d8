package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.tokenizer.Conversation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The fields of a chat request that say what was said so far, and which tools there are. */
final class ConversationFields {
    private ConversationFields() {}

    static Conversation read(Fields fields) {
        return new Conversation(messages(fields.required("messages")), ToolFields.tools(fields));
    }

    private static List<ChatMessage> messages(JsonNode node) {
        if (!node.isArray() || node.isEmpty()) {
            throw Fields.wrong("messages", node, "a list of at least one message");
        }
        var messages = new ArrayList<ChatMessage>();
        for (JsonNode element : node) {
            if (!(element instanceof ObjectNode message)) {
                throw Fields.wrong("messages", element, "an object with role and content");
            }
            messages.add(message(Fields.of(message)));
        }
        return messages;
    }

    private static ChatMessage message(Fields message) {
        String role = message.requiredText("role");
        Optional<String> name = message.text("name");
        return switch (role) {
            case "tool" ->
                new ChatMessage(
                        role,
                        content(message.required("content")),
                        List.of(),
                        Optional.of(message.requiredText("tool_call_id")),
                        name);
            case "assistant" -> {
                var calls = ToolFields.calls(message);
                // A turn that only calls tools has null for content.
                String content = calls.isEmpty()
                        ? content(message.required("content"))
                        : message.value("content")
                                .map(ConversationFields::content)
                                .orElse("");
                yield new ChatMessage(role, content, calls, Optional.empty(), name);
            }
            case "system", "developer", "user" ->
                new ChatMessage(
                        role.equals("developer") ? "system" : role,
                        content(message.required("content")),
                        List.of(),
                        Optional.empty(),
                        name);
            default ->
                throw Fields.wrong("role", message.required("role"), "system, developer, user, assistant or tool");
        };
    }

    private static String content(JsonNode node) {
        if (node.isTextual()) {
            return node.textValue();
        }
        if (!node.isArray()) {
            throw Fields.wrong("content", node, "a string or a list of text parts");
        }
        var text = new StringBuilder();
        for (JsonNode part : node) {
            if (!part.isObject() || !part.path("type").asText().equals("text")) {
                throw Fields.wrong("content", part, "a part {\"type\":\"text\",\"text\":…}");
            }
            text.append(Fields.of(part).requiredText("text"));
        }
        return text.toString();
    }
}
