package io.livegraft.actors.batching;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.Set;

/**
 * Section {@code livegraft.tenants} of the configuration.
 *
 * @param remembered tenants whose share and tokens are remembered while they ask for nothing
 */
public record TenantSettings(TenantClasses classes, int remembered) {
    public TenantSettings {
        if (remembered < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.tenants.remembered is %d, expected at least 1".formatted(remembered));
        }
    }

    /** All alike, each with as much as the device has. */
    public static TenantSettings alike() {
        int any = Integer.MAX_VALUE;
        return new TenantSettings(
                new TenantClasses(new TenantClass("standard", 1, any, any, 0, Set.of()), List.of()), 1);
    }

    public static TenantSettings from(Config tenants) {
        return new TenantSettings(TenantClasses.from(tenants), tenants.getInt("remembered"));
    }
}
