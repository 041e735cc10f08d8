package io.livegraft.actors.serving;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;

/**
 * Section {@code livegraft.serving} of the configuration.
 *
 * @param stagedAdapters on the device at once, besides those that answer requests right now
 * @param stagedBytes of all adapters on the device, those of versions that only end their answers too
 * @param hostBytes of adapters kept in host memory to come back from there
 * @param diskBytes of copies of adapters whose store is not in the node's own state directory
 * @param pinnedTenants whose serving version stays on the device
 * @param waitingForStaging requests that may wait for one adapter to be staged
 * @param eventTimes event times of unserved versions kept for one tenant
 * @param knownTenants tenants whose versions are held at hand, about
 */
public record ServingSettings(
        int stagedAdapters,
        long stagedBytes,
        long hostBytes,
        long diskBytes,
        List<String> pinnedTenants,
        int waitingForStaging,
        int eventTimes,
        int knownTenants) {
    public ServingSettings {
        pinnedTenants = List.copyOf(pinnedTenants);
        if (stagedAdapters < 1 || waitingForStaging < 1 || eventTimes < 0 || knownTenants < 1) {
            throw refused(
                    "staged-adapters %d, waiting-for-staging %d and known-tenants %d must be at least 1, event-times %d at least 0"
                            .formatted(stagedAdapters, waitingForStaging, knownTenants, eventTimes));
        }
        if (stagedBytes < 1 || hostBytes < 0 || diskBytes < 0) {
            throw refused("staged-bytes %d must be at least 1, host-bytes %d and disk-bytes %d at least 0"
                    .formatted(stagedBytes, hostBytes, diskBytes));
        }
    }

    public static ServingSettings from(Config serving) {
        return new ServingSettings(
                serving.getInt("staged-adapters"),
                serving.getBytes("staged-bytes"),
                serving.getBytes("host-bytes"),
                serving.getBytes("disk-bytes"),
                serving.getStringList("pinned-tenants"),
                serving.getInt("waiting-for-staging"),
                serving.getInt("event-times"),
                serving.getInt("known-tenants"));
    }

    private static LivegraftException refused(String message) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "livegraft.serving: " + message);
    }
}
