package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.Configured;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.Optional;

/** The control entries of a tenant's log: forget, reset and configure. */
public final class ControlEntries {
    private static final int MOST_REASON_CHARS = 1000;

    private ControlEntries() {}

    /** Whether a record is one; a tick is not, it is for all tenants. */
    public static boolean contain(FeedbackRecord record) {
        return record.hasForget() || record.hasReset() || record.hasConfigure();
    }

    /** Why a control entry can't be used, if so. */
    static Optional<String> refusal(FeedbackRecord record) {
        int controls = (record.hasForget() ? 1 : 0) + (record.hasReset() ? 1 : 0) + (record.hasConfigure() ? 1 : 0);
        if (controls != 1) {
            return Optional.of("%d of forget, reset and configure are set, expected one".formatted(controls));
        }
        if (record.getReason().length() > MOST_REASON_CHARS) {
            return Optional.of("reason has %d characters, expected at most %d"
                    .formatted(record.getReason().length(), MOST_REASON_CHARS));
        }
        if (!record.getPrompt().isEmpty()
                || record.getMessagesCount() > 0
                || !record.getCompletion().isEmpty()) {
            return Optional.of("a control entry has prompt, messages or completion, expected none of them");
        }
        if (record.hasForget()) {
            int chars = record.getForget().getSubject().length();
            return chars < 1 || chars > FeedbackDecoder.MOST_NAME_CHARS
                    ? Optional.of("the subject to forget has %d characters, expected 1 to %d"
                            .formatted(chars, FeedbackDecoder.MOST_NAME_CHARS))
                    : Optional.empty();
        }
        return record.hasConfigure() ? Configured.refusal(record.getConfigure()) : Optional.empty();
    }

    /** The entry at an offset; empty for a reset to an offset that isn't before it. */
    static Optional<LogEntry> entry(FeedbackRecord record, long offset, long logMillis) {
        if (record.hasForget()) {
            return Optional.of(new LogEntry.Forget(
                    offset, logMillis, record.getForget().getSubject(), record.getPrincipal(), record.getReason()));
        }
        if (record.hasConfigure()) {
            return Optional.of(new LogEntry.Configure(offset, logMillis, new Configured(record.getConfigure())));
        }
        long to = record.getReset().getOffset();
        return to >= -1 && to < offset
                ? Optional.of(new LogEntry.Reset(offset, logMillis, to, record.getPrincipal(), record.getReason()))
                : Optional.empty();
    }
}
