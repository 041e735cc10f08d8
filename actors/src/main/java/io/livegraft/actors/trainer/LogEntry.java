package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.Lesson;

/** One entry of a tenant's log. {@code logMillis} is the time the log gave it: the only time there is. */
public sealed interface LogEntry {
    long offset();

    long logMillis();

    /**
     * One feedback event.
     *
     * @param eventTimeMillis when it happened; for freshness only
     * @param label what it says of the answer
     * @param lesson what it teaches
     * @param subject the person it is about; empty for nobody
     * @param principal who sent it; empty where nobody knows
     */
    record Feedback(
            long offset,
            long logMillis,
            String eventId,
            long eventTimeMillis,
            Label label,
            Lesson lesson,
            String subject,
            String principal)
            implements LogEntry {
        /** A labelled example about nobody, from nobody. */
        public Feedback(long offset, long logMillis, String eventId, long eventTimeMillis, Lesson lesson) {
            this(offset, logMillis, eventId, eventTimeMillis, Label.EXAMPLE, lesson, "", "");
        }
    }

    /** Time passed while nothing else was written. */
    record Tick(long offset, long logMillis) implements LogEntry {}

    /** An entry after which the state is the one that the log gives when it is read again. */
    sealed interface Control extends LogEntry {
        /** Who asked for it; may be empty. */
        String principal();

        String reason();
    }

    /** Leaves out a subject's events that came before it. */
    record Forget(long offset, long logMillis, String subject, String principal, String reason) implements Control {}

    /**
     * Goes back to an earlier state.
     *
     * @param to the last offset of that state, below this entry's own; −1 is the state before the first event
     */
    record Reset(long offset, long logMillis, long to, String principal, String reason) implements Control {}

    /** Trains with other settings from here on. */
    record Configure(long offset, long logMillis, Configured values) implements LogEntry {}
}
