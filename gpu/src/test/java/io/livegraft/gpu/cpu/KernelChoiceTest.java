package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelChoiceTest {
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void isSpelledAsTheSettingHasIt(KernelChoice choice) {
        assertEquals(choice, KernelChoice.of(choice.toString()));
    }

    @Test
    void anotherWordIsRefused() {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> KernelChoice.of("fast"));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertEquals("livegraft.engine.kernels is 'fast', expected auto, wide or portable", refusal.getMessage());
    }
}
