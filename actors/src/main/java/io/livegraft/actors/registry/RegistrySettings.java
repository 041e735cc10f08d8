package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.registry} of the configuration.
 *
 * @param retainedVersions newest ones kept; what serves, its previous and the candidate are kept besides
 * @param retainedHistory newest decisions kept in the image
 * @param idempotencyKeys newest ones remembered of each tenant
 */
public record RegistrySettings(
        int retainedVersions,
        int retainedHistory,
        int idempotencyKeys,
        DatabaseSettings database,
        SigningSettings signing) {
    public RegistrySettings {
        atLeast("retained-versions", retainedVersions, 2);
        atLeast("retained-history", retainedHistory, 1);
        atLeast("idempotency-keys", idempotencyKeys, 1);
    }

    public static RegistrySettings from(Config registry) {
        return new RegistrySettings(
                registry.getInt("retained-versions"),
                registry.getInt("retained-history"),
                registry.getInt("idempotency-keys"),
                DatabaseSettings.from(registry.getConfig("database")),
                SigningSettings.from(registry.getConfig("signing")));
    }

    private static void atLeast(String setting, int value, int least) {
        if (value < least) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.registry.%s is %d, expected at least %d".formatted(setting, value, least));
        }
    }
}
