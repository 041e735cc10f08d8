package io.livegraft.actors.device;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import java.util.Map;

/** The bundled base: these tests need nothing that is not in the repository. */
public final class TestingEngine {
    private TestingEngine() {}

    /** With these settings of {@code livegraft.engine} besides. */
    public static Engine open(Map<String, Object> settings) {
        Map<String, Object> base = Map.of(
                "base", "../deploy/base/livegraft-tiny",
                "precision", "nf4",
                "slice-tokens", 64,
                "quantized-cache", "off");
        return Engine.open(EngineSettings.from(ConfigFactory.parseMap(settings)
                .withFallback(ConfigFactory.parseMap(base))
                .withFallback(ConfigFactory.load().getConfig("livegraft.engine"))));
    }
}
