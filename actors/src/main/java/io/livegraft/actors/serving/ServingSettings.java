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
 */
public record ServingSettings(int stagedAdapters, int waitingForStaging, int eventTimes) {
    public ServingSettings {
        if (stagedAdapters < 1 || waitingForStaging < 1 || eventTimes < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.serving: staged-adapters %d and waiting-for-staging %d must be at least 1, event-times %d at least 0"
                            .formatted(stagedAdapters, waitingForStaging, eventTimes));
        }
    }

    public static ServingSettings from(Config serving) {
        return new ServingSettings(
                serving.getInt("staged-adapters"),
                serving.getInt("waiting-for-staging"),
                serving.getInt("event-times"));
    }
}
