package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.Refusals;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvCacheSettingsTest {
    @ParameterizedTest
    @CsvSource({"0,64", "1,32", "1,96", "1,0"})
    void whatIsOutOfRangeIsRefused(long memory, int pageTokens) {
        assertThrows(IllegalArgumentException.class, () -> new KvCacheSettings(memory, pageTokens, true));
    }

    @Test
    void memoryForLessThanAPageIsRefused() {
        Refusals.assertRefused(
                ErrorCode.INVALID_CONFIGURATION,
                "livegraft.engine.kv-cache.memory is 1000 bytes, expected at least one page of",
                () -> open(4, 1_000).close());
    }

    @Test
    void noMorePagesAreThereThanTheSequencesNeed() {
        try (Engine engine = open(2, 1L << 30)) {
            assertEquals(2 * engine.maxSequenceTokens() / 64, engine.pages());
            assertEquals(64, engine.pageTokens());
        }
    }

    @Test
    void aSequenceIsNoLongerThanWhatFits() {
        long page;
        try (Engine engine = open(1, 1L << 30)) {
            page = engine.memory().page();
        }
        try (Engine engine = open(4, 3 * page)) {
            assertEquals(3, engine.pages());
            assertEquals(192, engine.maxSequenceTokens());
            Refusals.assertRefused(
                    ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                    "the prompt has 192 tokens",
                    () -> engine.admit(new int[192], SamplingSettings.greedy(1), Optional.empty()));
        }
    }

    private static Engine open(int sequences, long memory) {
        KvCacheSettings settings = new KvCacheSettings(memory, 64, true);
        return TestingEngine.open(sequences, settings, () -> TestingEngine.cpu(1, KernelChoice.AUTO));
    }
}
