package io.livegraft.simulation.demo;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/** Waiting, as the story does it. */
final class Pause {
    private Pause() {}

    static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the story was interrupted", interrupted);
        }
    }
}
