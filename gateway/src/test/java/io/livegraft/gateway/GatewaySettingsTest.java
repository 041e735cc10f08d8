package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaySettingsTest {
    @Test
    void theDefaultsAreThoseOfReferenceConf() {
        assertEquals(
                new GatewaySettings(
                        "127.0.0.1",
                        8080,
                        4 << 20,
                        Duration.ofSeconds(300),
                        Duration.ofSeconds(10),
                        16,
                        256,
                        16,
                        1_000,
                        1_000),
                GatewaySettings.from(ConfigFactory.defaultReference()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "port = 70000",
                "port = eighty",
                "host = \"\"",
                "max-body-bytes = 3",
                "request-timeout = 0 s",
                "drain-timeout = -1 s",
                "max-tokens = 0",
                "max-chat-tokens = 0",
                "max-feedback-batch = 0",
                "max-choices = 0",
                "max-page = 0"
            })
    void aValueOutOfRangeIsRefusedWithItsPath(String setting) {
        var config = ConfigFactory.parseString("livegraft.gateway { %s }".formatted(setting))
                .withFallback(ConfigFactory.defaultReference());
        var refusal = assertThrows(LivegraftException.class, () -> GatewaySettings.from(config));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        String key = setting.substring(0, setting.indexOf(' '));
        assertTrue(String.valueOf(refusal.getMessage()).contains(key), refusal.getMessage());
    }
}
