package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;

/**
 * A conversation as plain text, for bases without a chat template: one line per message and an open {@code Assistant:} at
 * the end, which the completion follows as a space and its text. Contents stand as they are, so a message can imitate the
 * lines of another role; roles are no security boundary.
 */
public final class ChatFormat {
    private ChatFormat() {}

    /** Refuses an empty conversation and unknown roles as {@link ErrorCode#INVALID_REQUEST}. */
    public static String render(List<ChatMessage> messages) {
        if (messages.isEmpty()) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "messages is empty, expected at least one message");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < messages.size(); i++) {
            ChatMessage message = messages.get(i);
            if (!message.toolCalls().isEmpty()) {
                throw new LivegraftException(
                        ErrorCode.INVALID_REQUEST,
                        "messages[%d] calls tools, but the base has no chat template to show it: expected words alone"
                                .formatted(i));
            }
            String speaker =
                    switch (message.role()) {
                        case "system" -> "System";
                        case "user" -> "User";
                        case "assistant" -> "Assistant";
                        default ->
                            throw new LivegraftException(
                                    ErrorCode.INVALID_REQUEST,
                                    "messages[%d].role is '%s', expected system, user or assistant"
                                            .formatted(i, message.role()));
                    };
            text.append(speaker).append(": ").append(message.content()).append('\n');
        }
        return text.append("Assistant:").toString();
    }
}
