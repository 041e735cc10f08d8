package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.TrainingExample;
import java.util.Optional;

/** One entry of a tenant's log. {@code logMillis} is the time the log gave it: the only time there is. */
public sealed interface LogEntry {
    long offset();

    long logMillis();

    /**
     * One feedback event.
     *
     * @param eventTimeMillis when it happened; for freshness only
     * @param example what to imitate; empty where there is nothing (a rejected answer)
     */
    record Feedback(
            long offset, long logMillis, String eventId, long eventTimeMillis, Optional<TrainingExample> example)
            implements LogEntry {}

    /** Time passed while nothing else was written. */
    record Tick(long offset, long logMillis) implements LogEntry {}
}
