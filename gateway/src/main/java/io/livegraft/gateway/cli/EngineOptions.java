package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.tensor.Precision;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which base runs in this process, and how. */
final class EngineOptions {
    @Option(names = "--base", required = true, paramLabel = "BASE", description = BaseLocation.DESCRIPTION)
    private Path base = Path.of("");

    @Option(
            names = "--precision",
            paramLabel = "P",
            description = "Weights of the linear layers: nf4 (default), bf16 or fp32.")
    private Optional<Precision> precision = Optional.empty();

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads; 0 (default) takes one per core.")
    private Optional<Integer> threads = Optional.empty();

    Engine open() {
        return Engine.open(EngineSettings.from(config().getConfig("livegraft.engine")));
    }

    private Config config() {
        Config loaded = ConfigFactory.load();
        Map<String, Object> given = new HashMap<>();
        given.put("livegraft.engine.base", BaseLocation.directory(base, loaded).toString());
        precision.ifPresent(
                p -> given.put("livegraft.engine.precision", p.name().toLowerCase(Locale.ROOT)));
        threads.ifPresent(n -> given.put("livegraft.engine.threads", n));
        return ConfigFactory.parseMap(given, "command line")
                .withFallback(loaded)
                .resolve();
    }
}
