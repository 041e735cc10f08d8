package io.livegraft.gpu.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChatFormatTest {
    @Test
    void writesALinePerMessageAndLeavesTheAnswerOpen() {
        assertEquals(
                "System: Be brief.\nUser: Hi\nAssistant: Hello\nUser: Why?\nAssistant:",
                ChatFormat.render(List.of(
                        new ChatMessage("system", "Be brief."),
                        new ChatMessage("user", "Hi"),
                        new ChatMessage("assistant", "Hello"),
                        new ChatMessage("user", "Why?"))));
    }

    @Test
    void refusesUnknownRolesAndEmptyConversations() {
        LivegraftException role = assertThrows(
                LivegraftException.class,
                () -> ChatFormat.render(List.of(new ChatMessage("user", "x"), new ChatMessage("tool", "y"))));
        assertEquals(ErrorCode.INVALID_REQUEST, role.code());
        assertEquals("messages[1].role is 'tool', expected system, user or assistant", role.getMessage());
        LivegraftException empty = assertThrows(LivegraftException.class, () -> ChatFormat.render(List.of()));
        assertEquals(ErrorCode.INVALID_REQUEST, empty.code());
    }
}
