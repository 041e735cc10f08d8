package io.livegraft.actors.bench;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * How tenants are woken.
 *
 * @param wakes events that wake them, one after another
 * @param apartMillis between two of them; who was woken is saved again meanwhile
 * @param wholeAdapters with adapters as configured instead of the smallest ones
 */
public record WakeSettings(int wakes, int apartMillis, boolean wholeAdapters) {
    public WakeSettings {
        if (wakes < 1 || apartMillis < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "wakes is %d and apart %d ms, expected at least 1 and 0".formatted(wakes, apartMillis));
        }
    }
}
