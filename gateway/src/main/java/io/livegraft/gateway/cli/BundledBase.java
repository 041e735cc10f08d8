package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import io.livegraft.gpu.engine.EngineSettings;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** A base that need not be named. */
final class BundledBase {
    @Option(
            names = "--base",
            paramLabel = "BASE",
            description = BaseLocation.DESCRIPTION + " Default: the bundled one.")
    private Optional<Path> base = Optional.empty();

    /** Section {@code livegraft.engine} with this base. */
    EngineSettings engine(Config loaded) {
        return EngineSettings.from(loaded.getConfig("livegraft.engine")
                .withValue(
                        "base", ConfigValueFactory.fromAnyRef(directory(loaded).toString())));
    }

    Path directory(Config loaded) {
        return BaseLocation.directory(base.orElseGet(() -> LocalNode.configuredOrBundled(loaded)), loaded);
    }
}
