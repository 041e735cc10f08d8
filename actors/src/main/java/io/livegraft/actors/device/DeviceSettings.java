package io.livegraft.actors.device;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.device} of the configuration.
 *
 * @param waitingRequests answers that may wait for a place on the device; more are refused as overloaded
 * @param turnTokens most prompt tokens that one turn computes beside the decode steps
 * @param trainingShare of the device's time that training may take while answers are made; at 1 a slice follows each turn
 * @param waitingWorks training and evaluation works that may wait
 * @param cycleSteps most training steps, of as many tenants, that share passes over the base
 * @param cycleTokens most tokens of such steps together; a longer step is a cycle of its own
 */
public record DeviceSettings(
        int waitingRequests, int turnTokens, double trainingShare, int waitingWorks, int cycleSteps, long cycleTokens) {
    public DeviceSettings {
        if (!(trainingShare > 0 && trainingShare <= 1)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.device.training-share is %s, expected above 0 and at most 1".formatted(trainingShare));
        }
        if (waitingRequests < 1 || turnTokens < 1 || waitingWorks < 1 || cycleSteps < 1 || cycleTokens < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.device: waiting-requests %d, turn-tokens %d, waiting-works %d, cycle-steps %d and cycle-tokens %d must be at least 1"
                            .formatted(waitingRequests, turnTokens, waitingWorks, cycleSteps, cycleTokens));
        }
    }

    public static DeviceSettings from(Config device) {
        return new DeviceSettings(
                device.getInt("waiting-requests"),
                device.getInt("turn-tokens"),
                device.getDouble("training-share"),
                device.getInt("waiting-works"),
                device.getInt("cycle-steps"),
                device.getLong("cycle-tokens"));
    }
}
