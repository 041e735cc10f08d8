package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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

    /** Where a processor has both, so do decode steps: whole numbers are summed exactly, and scaled in one order. */
    @Test
    void narrowRegistersMultiplyBytesUnderTheNameThatWideOnesHave() {
        CpuKernels narrow = KernelChoice.NARROW.kernels();
        assumeTrue(narrow.bytes().isPresent(), "the processor has no AVX2");
        String profile = PromptActivations.AUTO.of(narrow).profile();
        assertTrue(profile.startsWith("cpu-fma-chain-3+bytes-2+byte-prompts-1+onednn-3."), profile);
        String floats = DecodeActivations.BF16.of(narrow).profile();
        assertTrue(floats.startsWith("cpu-fma-chain-3+onednn-3."), floats);
    }

    @Test
    void anotherWordIsRefused() {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> KernelChoice.of("fast"));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertEquals(
                "livegraft.engine.kernels is 'fast', expected auto, wide, narrow or portable", refusal.getMessage());
    }
}
