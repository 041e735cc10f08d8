package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a chat template is given.
 *
 * @param messages turns, oldest first
 * @param tools that the assistant may call, each as OpenAI describes a function: {@code {"type":"function","function":{…}}}
 */
public record Conversation(List<ChatMessage> messages, List<ObjectNode> tools) {
    public Conversation {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }

    /** Turns alone. */
    public Conversation(List<ChatMessage> messages) {
        this(messages, List.of());
    }

    /** Each part of this that is about tools, by its name, with the conversation as it would be without that part. */
    Map<String, Conversation> withoutEachToolPart() {
        Map<String, Conversation> without = new LinkedHashMap<>();
        without.put("tools", new Conversation(messages));
        without.put(
                "tool_calls",
                new Conversation(
                        messages.stream().map(ChatMessage::withoutToolCalls).toList(), tools));
        without.put(
                "messages of role tool",
                new Conversation(
                        messages.stream()
                                .filter(message -> !message.role().equals("tool"))
                                .toList(),
                        tools));
        without.values().removeIf(this::equals);
        return without;
    }
}
