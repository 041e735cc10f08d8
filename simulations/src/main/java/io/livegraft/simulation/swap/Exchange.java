package io.livegraft.simulation.swap;

import java.time.Duration;
import java.time.Instant;

/**
 * A request and what came of it.
 *
 * @param tenant whom it names
 */
record Exchange(String tenant, Wanted wanted, Question question, boolean streamed, Instant sentAt, Outcome outcome) {
    /** How it ended. */
    sealed interface Outcome {}

    /** @param toFirstToken of a whole answer, to its end */
    record Answered(Said said, Duration toFirstToken, Duration toEnd) implements Outcome {}

    /** No answer, or half of one. */
    record Failed(String reason) implements Outcome {}
}
