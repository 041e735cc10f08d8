package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code livegraft serve}: one node against an external Kafka. */
@Command(
        name = "serve",
        description = {
            "Run one node against an external Kafka (livegraft.kafka.bootstrap-servers).",
            "Settings come from --config, the environment and -D system properties; see reference.conf of each module."
        })
final class ServeCommand implements Callable<Integer> {
    private static final String BOOTSTRAP_SERVERS = "livegraft.kafka.bootstrap-servers";

    private final Terminal terminal;

    @Option(names = "--config", paramLabel = "FILE", description = "HOCON file over the defaults.")
    private Optional<Path> file = Optional.empty();

    @Option(names = "--port", paramLabel = "N", description = "HTTP port (env: LIVEGRAFT_HTTP_PORT).")
    private Optional<Integer> port = Optional.empty();

    ServeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Config settings = settings();
        if (settings.getString(BOOTSTRAP_SERVERS).isBlank()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    BOOTSTRAP_SERVERS
                            + " is empty, expected host:port of a broker; set it, or LIVEGRAFT_KAFKA_BOOTSTRAP_SERVERS,"
                            + " or use livegraft dev");
        }
        NodeLoop.run(terminal, settings, () -> LocalNode.open(settings));
        return ErrorTable.OK;
    }

    private Config settings() {
        try {
            Config commandLine = ConfigFactory.parseMap(
                    port.<Map<String, Object>>map(number -> Map.of("livegraft.gateway.port", number))
                            .orElse(Map.of()),
                    "command line");
            Config external = ConfigFactory.parseMap(Map.of("livegraft.kafka.embedded.enabled", false));
            Config fromFile = file.map(ServeCommand::parse).orElseGet(ConfigFactory::empty);
            return ConfigFactory.defaultOverrides()
                    .withFallback(commandLine)
                    .withFallback(external)
                    .withFallback(fromFile)
                    .withFallback(ConfigFactory.load())
                    .resolve();
        } catch (ConfigException broken) {
            throw new LivegraftException(ErrorCode.INVALID_CONFIGURATION, String.valueOf(broken.getMessage()), broken);
        }
    }

    private static Config parse(Path file) {
        if (!Files.isReadable(file)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "can't read the configuration file %s".formatted(file));
        }
        return ConfigFactory.parseFile(file.toFile());
    }
}
