package io.livegraft.actors.serving;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.serving} of the configuration.
 *
 * @param stagedAdapters on the device at once, besides those that answer requests right now
 * @param waitingForStaging requests that may wait for one adapter to be staged
 * @param eventTimes event times of unserved versions kept for one tenant
 * @param knownTenants tenants whose versions are held at hand, about
 */
public record ServingSettings(int stagedAdapters, int waitingForStaging, int eventTimes, int knownTenants) {
    public ServingSettings {
        if (stagedAdapters < 1 || waitingForStaging < 1 || eventTimes < 0 || knownTenants < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.serving: staged-adapters %d, waiting-for-staging %d and known-tenants %d must be at least 1, event-times %d at least 0"
                            .formatted(stagedAdapters, waitingForStaging, knownTenants, eventTimes));
        }
    }

    public static ServingSettings from(Config serving) {
        return new ServingSettings(
                serving.getInt("staged-adapters"),
                serving.getInt("waiting-for-staging"),
                serving.getInt("event-times"),
                serving.getInt("known-tenants"));
    }
}
