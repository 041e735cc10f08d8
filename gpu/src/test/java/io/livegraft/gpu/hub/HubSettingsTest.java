package io.livegraft.gpu.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSettingsTest {
    private static final Config HUB =
            ConfigFactory.parseResources("reference.conf").resolve().getConfig("livegraft.hub");

    @TempDir
    Path dir;

    @Test
    void findsTheCacheWhereOtherToolsDo() {
        Path user = Path.of(System.getProperty("user.home"));
        assertEquals(user.resolve(".cache/huggingface/hub"), cache(Map.of()));
        assertEquals(Path.of("/x/huggingface/hub"), cache(Map.of("XDG_CACHE_HOME", "/x")));
        assertEquals(Path.of("/h/hub"), cache(Map.of("XDG_CACHE_HOME", "/x", "HF_HOME", "/h")));
        assertEquals(Path.of("/c"), cache(Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/h")));
    }

    @Test
    void takesTheTokenFromTheEnvironmentOrItsFileAndHidesIt() throws IOException {
        Files.writeString(dir.resolve("token"), "hf_file\n");
        Map<String, String> home = Map.of("HF_HOME", dir.toString());
        assertEquals(
                Optional.of(new AccessToken("hf_file")),
                HubSettings.from(HUB, home).token());
        HubSettings settings = HubSettings.from(HUB, Map.of("HF_HOME", dir.toString(), "HF_TOKEN", "hf_secret"));
        assertEquals(Optional.of(new AccessToken("hf_secret")), settings.token());
        assertFalse(settings.toString().contains("hf_secret"));
    }

    @Test
    void isOfflineWhenToldSo() {
        assertTrue(HubSettings.from(HUB, Map.of("HF_HUB_OFFLINE", "1")).offline());
        assertTrue(HubSettings.from(HUB, Map.of("HF_HUB_OFFLINE", "true")).offline());
        assertFalse(HubSettings.from(HUB, Map.of("HF_HUB_OFFLINE", "0")).offline());
    }

    @Test
    void refusesSettingsThatCanNotBeUsed() {
        for (String endpoint : List.of("ftp://hub", "hub", "http://", "::")) {
            Config broken = HUB.withValue("endpoint", ConfigValueFactory.fromAnyRef(endpoint));
            assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal(broken).code(), endpoint);
        }
        Config never = HUB.withValue("attempts", ConfigValueFactory.fromAnyRef(0));
        assertEquals(
                "livegraft.hub.attempts is 0, expected at least 1",
                refusal(never).getMessage());
    }

    private static LivegraftException refusal(Config hub) {
        return assertThrows(LivegraftException.class, () -> HubSettings.from(hub, Map.of()));
    }

    private static Path cache(Map<String, String> environment) {
        return HubSettings.from(HUB, environment).cache();
    }
}
