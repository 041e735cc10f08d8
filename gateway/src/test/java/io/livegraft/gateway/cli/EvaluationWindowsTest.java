package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.error.LivegraftException;
import org.junit.jupiter.api.Test;

class EvaluationWindowsTest {
    @Test
    void everyTokenAfterBosIsATargetOnce() {
        var windows = EvaluationWindows.cut(new int[] {1, 10, 11, 12, 13, 14}, 3);
        assertEquals(3, windows.size());
        assertArrayEquals(new int[] {1, 10, 11}, windows.get(0).tokens());
        assertArrayEquals(new int[] {1, 12, 13}, windows.get(1).tokens());
        assertArrayEquals(new int[] {1, 14}, windows.get(2).tokens());
        assertEquals(
                5, windows.stream().mapToInt(window -> window.targetTokens()).sum());
    }

    @Test
    void aTextThatFitsIsOneWindow() {
        assertEquals(1, EvaluationWindows.cut(new int[] {1, 10, 11}, 3).size());
    }

    @Test
    void nothingToScoreIsRefused() {
        assertThrows(LivegraftException.class, () -> EvaluationWindows.cut(new int[] {1}, 3));
    }
}
