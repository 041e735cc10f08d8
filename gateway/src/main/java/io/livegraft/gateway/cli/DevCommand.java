package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code livegraft dev}: everything on this machine in one process. */
@Command(
        name = "dev",
        description = {
            "Run everything in one process: a node, an embedded Kafka broker and the bundled base.",
            "What it learns is kept in the state directory and is there at the next start."
        })
final class DevCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Option(
            names = "--base",
            paramLabel = "BASE",
            description = "Another base: directory or hub name (env: LIVEGRAFT_BASE).")
    private Optional<Path> base = Optional.empty();

    @Option(names = "--precision", paramLabel = "P", description = "nf4, bf16 or fp32 (env: LIVEGRAFT_PRECISION).")
    private Optional<String> precision = Optional.empty();

    @Option(names = "--state", paramLabel = "DIR", description = "State directory (default: .livegraft/dev).")
    private Optional<Path> state = Optional.empty();

    @Option(names = "--port", paramLabel = "N", description = "HTTP port; 0 takes a free one (default: 8080).")
    private Optional<Integer> port = Optional.empty();

    @Option(names = "--kafka-port", paramLabel = "N", description = "Broker port; 0 takes a free one (default: 9092).")
    private Optional<Integer> kafkaPort = Optional.empty();

    DevCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Config configured = ConfigFactory.load();
        var options = new LocalNodeOptions(
                base,
                state.orElseGet(() -> stateDirectory(configured)),
                port.orElseGet(() -> configured.getInt("livegraft.gateway.port")),
                kafkaPort.orElseGet(() -> configured.getInt("livegraft.kafka.embedded.port")),
                precision,
                Map.of());
        Config settings = LocalNode.settings(options);
        NodeLoop.run(terminal, settings, () -> LocalNode.open(settings));
        return ErrorTable.OK;
    }

    private static Path stateDirectory(Config configured) {
        String path = "livegraft.state-directory";
        boolean unchanged =
                configured.getString(path).equals(ChangedSettings.defaults().getString(path));
        return unchanged ? Path.of(".livegraft", "dev") : Path.of(configured.getString(path));
    }
}
