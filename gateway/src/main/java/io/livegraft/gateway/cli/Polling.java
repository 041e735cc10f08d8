package io.livegraft.gateway.cli;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Waits for a node to get somewhere. */
final class Polling {
    private static final Duration PAUSE = Duration.ofMillis(200);

    private Polling() {}

    /** Asks until there is an answer; UNAVAILABLE when there is none in time. */
    static <T> T await(String what, Duration patience, Supplier<Optional<T>> ask) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < patience.toNanos()) {
            Optional<T> answer = ask.get();
            if (answer.isPresent()) {
                return answer.get();
            }
            pause();
        }
        throw new LivegraftException(
                ErrorCode.UNAVAILABLE, "%s after %d s; the node goes on".formatted(what, patience.toSeconds()));
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "interrupted", interrupted);
        }
    }
}
