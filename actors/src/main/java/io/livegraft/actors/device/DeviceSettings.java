package io.livegraft.actors.device;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.device} of the configuration.
 *
 * @param waitingRequests requests that may wait for a place on the device; more are refused as overloaded
 * @param waitingWorks training and evaluation works that may wait
 */
public record DeviceSettings(int waitingRequests, int waitingWorks) {
    public DeviceSettings {
        if (waitingRequests < 1 || waitingWorks < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.device.waiting-requests is %d and waiting-works %d, expected at least 1"
                            .formatted(waitingRequests, waitingWorks));
        }
    }

    public static DeviceSettings from(Config device) {
        return new DeviceSettings(device.getInt("waiting-requests"), device.getInt("waiting-works"));
    }
}
