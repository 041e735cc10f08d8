package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.registry} of the configuration.
 *
 * @param retainedVersions newest ones kept; what serves, its previous and the candidate are kept besides
 * @param retainedHistory newest decisions kept in the image
 * @param idempotencyKeys newest ones remembered of each tenant
 * @param active registries awake at once, about
 * @param idle after which a registry is put to sleep
 * @param indexInterval how often the list of tenants is brought up to date
 */
public record RegistrySettings(
        int retainedVersions,
        int retainedHistory,
        int idempotencyKeys,
        int active,
        Duration idle,
        Duration indexInterval,
        DatabaseSettings database,
        SigningSettings signing) {
    public RegistrySettings {
        atLeast("retained-versions", retainedVersions, 2);
        atLeast("retained-history", retainedHistory, 1);
        atLeast("idempotency-keys", idempotencyKeys, 1);
        atLeast("active", active, 1);
    }

    public static RegistrySettings from(Config registry) {
        return new RegistrySettings(
                registry.getInt("retained-versions"),
                registry.getInt("retained-history"),
                registry.getInt("idempotency-keys"),
                registry.getInt("active"),
                registry.getDuration("idle"),
                registry.getDuration("index-interval"),
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
