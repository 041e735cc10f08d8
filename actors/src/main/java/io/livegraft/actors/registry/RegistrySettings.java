package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.registry} of the configuration.
 *
 * @param retainedVersions newest ones kept; what serves, its previous and the candidate are kept besides
 * @param retainedHistory newest decisions kept in the image
 */
public record RegistrySettings(int retainedVersions, int retainedHistory, DatabaseSettings database) {
    public RegistrySettings {
        if (retainedVersions < 2 || retainedHistory < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.registry.retained-versions is %d, expected at least 2; retained-history is %d, expected at least 1"
                            .formatted(retainedVersions, retainedHistory));
        }
    }

    public static RegistrySettings from(Config registry) {
        return new RegistrySettings(
                registry.getInt("retained-versions"),
                registry.getInt("retained-history"),
                DatabaseSettings.from(registry.getConfig("database")));
    }
}
