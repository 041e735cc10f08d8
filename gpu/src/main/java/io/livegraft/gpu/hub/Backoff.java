package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;

/** Bounded tries with doubling pauses. */
final class Backoff {
    private final HubSettings settings;
    private int failures;

    Backoff(HubSettings settings) {
        this.settings = settings;
    }

    /** Pauses, or gives up after the last attempt with {@link ErrorCode#UNAVAILABLE}. */
    void after(IOException failure) {
        failures++;
        if (failures >= settings.attempts()) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "%s can't be reached: %s, after %d attempts"
                            .formatted(settings.endpoint(), failure.getMessage(), failures),
                    failure);
        }
        try {
            Thread.sleep(settings.backoff().multipliedBy(1L << Math.min(failures - 1, 10)));
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** Something arrived: the count begins anew. */
    void reset() {
        failures = 0;
    }

    static LivegraftException interrupted(InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return new LivegraftException(ErrorCode.UNAVAILABLE, "the download was interrupted", interrupted);
    }
}
