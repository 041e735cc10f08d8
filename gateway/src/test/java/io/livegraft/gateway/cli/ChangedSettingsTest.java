package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.ConfigFactory;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChangedSettingsTest {
    @Test
    void onlyWhatDiffersFromReferenceConfIsShownAndNoSecret() {
        var settings = ConfigFactory.parseString(
                        "livegraft { gateway { port = 9, host = 127.0.0.1 }, store.password = hunter2 }")
                .withFallback(ConfigFactory.defaultReference());
        Map<String, String> changed = new HashMap<>(ChangedSettings.of(settings));
        // The build's own environment sets these.
        changed.remove("livegraft.engine.quantized-cache");
        changed.remove("livegraft.engine.backend");
        assertEquals(Map.of("livegraft.gateway.port", "9", "livegraft.store.password", "***"), changed);
    }
}
