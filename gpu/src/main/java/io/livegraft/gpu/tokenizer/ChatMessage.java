package io.livegraft.gpu.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * One turn of a conversation.
 *
 * @param role system, user, assistant or tool
 * @param content empty where the turn only calls tools
 * @param toolCalls of role assistant
 * @param toolCallId of role tool: the call it answers
 * @param name of who speaks, or of the tool, where it is told
 */
public record ChatMessage(
        String role, String content, List<ToolCall> toolCalls, Optional<String> toolCallId, Optional<String> name) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** Words, and no tool anywhere. */
    public ChatMessage(String role, String content) {
        this(role, content, List.of(), Optional.empty(), Optional.empty());
    }

    ChatMessage withoutToolCalls() {
        return new ChatMessage(role, content, List.of(), toolCallId, name);
    }
}
