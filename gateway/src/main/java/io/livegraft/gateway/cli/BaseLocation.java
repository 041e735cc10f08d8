package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import io.livegraft.gpu.hub.Hub;
import io.livegraft.gpu.hub.HubProgress;
import io.livegraft.gpu.hub.HubSettings;
import java.nio.file.Path;

/** Where a base lies: a directory as it is, a hub name by way of the hub's cache; a download shows on standard error. */
final class BaseLocation {
    static final String DESCRIPTION = "Hugging Face directory of the base, or its hub name: org/name[@revision].";

    private static final double MEGA = 1e6;

    private BaseLocation() {}

    /** The directory that holds the base; refuses as {@link Hub#directory}. */
    static Path directory(Path given, Config configuration) {
        HubSettings settings = HubSettings.from(configuration.getConfig("livegraft.hub"), System.getenv());
        return new Hub(settings, BaseLocation::report).directory(given);
    }

    private static void report(HubProgress progress) {
        Terminal.ofProcess()
                .err()
                .println("%s: %.1f of %.1f MB, %.1f MB/s"
                        .formatted(
                                progress.file(),
                                progress.done() / MEGA,
                                progress.total() / MEGA,
                                progress.bytesPerSecond() / MEGA));
    }
}
