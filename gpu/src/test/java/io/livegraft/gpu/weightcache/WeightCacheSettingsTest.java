package io.livegraft.gpu.weightcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WeightCacheSettingsTest {
    @Test
    void autoIsTheUsersOwnCache() {
        assertEquals(
                Optional.of(Path.of("/caches/livegraft/weights")),
                directory("auto", Map.of("XDG_CACHE_HOME", "/caches")));
        assertEquals(
                Optional.of(Path.of(System.getProperty("user.home"), ".cache", "livegraft", "weights")),
                directory("auto", Map.of("XDG_CACHE_HOME", "")));
    }

    @Test
    void aFolderIsTakenAsItIsAndOffOrNothingKeepsNone() {
        assertEquals(Optional.of(Path.of("some/where")), directory("some/where", Map.of()));
        assertEquals(Optional.empty(), directory("off", Map.of()));
        assertEquals(Optional.empty(), directory("", Map.of()));
    }

    @Test
    void fewerThanNoBytesAreRefused() {
        LivegraftException refusal =
                assertThrows(LivegraftException.class, () -> new WeightCacheSettings(Optional.empty(), -1, true));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertEquals("livegraft.engine.quantized-cache-bytes is -1, expected at least 0", refusal.getMessage());
    }

    private static Optional<Path> directory(String text, Map<String, String> environment) {
        return WeightCacheSettings.from(
                        ConfigFactory.parseMap(
                                Map.of("quantized-cache", text, "quantized-cache-bytes", "1 GiB", "huge-pages", true)),
                        environment)
                .directory();
    }
}
