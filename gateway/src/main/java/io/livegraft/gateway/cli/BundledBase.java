package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
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

    Path directory(Config loaded) {
        return BaseLocation.directory(base.orElseGet(() -> LocalNode.configuredOrBundled(loaded)), loaded);
    }
}
