package io.livegraft.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import org.junit.jupiter.api.function.Executable;

/** Asserts that something is refused, with which code and in which words. */
public final class Refusals {
    private Refusals() {}

    public static void assertInvalidModel(String partOfTheMessage, Executable action) {
        assertRefused(ErrorCode.INVALID_MODEL, partOfTheMessage, action);
    }

    public static void assertRefused(ErrorCode code, String partOfTheMessage, Executable action) {
        LivegraftException refusal = assertThrows(LivegraftException.class, action);
        assertEquals(code, refusal.code());
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains(partOfTheMessage), () -> "'" + partOfTheMessage + "' is not in: " + message);
        assertEquals(1, message.lines().count(), () -> "one sentence, not: " + message);
    }
}
