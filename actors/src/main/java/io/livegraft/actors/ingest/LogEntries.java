package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.Optional;

/**
 * From the records of the feedback topic to the entries of its tenants' logs. The one way in: whoever reads the log again finds
 * the same entries and the same records that can't be used.
 */
public final class LogEntries {
    /** What a record means to trainers. */
    public sealed interface Read {
        record OfTenant(String tenant, LogEntry entry) implements Read {}

        /** Of every tenant that has its log in the partition. */
        record OfAll(LogEntry.Tick tick) implements Read {}

        /** To the dead-letter topic; {@code reason} is one clear sentence. */
        record Unusable(String reason) implements Read {}
    }

    private final FeedbackDecoder decoder;
    private final FeedbackExamples examples;

    public LogEntries(FeedbackDecoder decoder, FeedbackExamples examples) {
        this.decoder = decoder;
        this.examples = examples;
    }

    /** Never throws, whatever the bytes. */
    public Read read(Optional<byte[]> key, Optional<byte[]> value, long offset, long logMillis) {
        return switch (decoder.decode(key, value)) {
            case Decoded.Valid valid -> feedback(valid, offset, logMillis);
            case Decoded.Control control ->
                ControlEntries.entry(control.record(), offset, logMillis)
                        .<Read>map(entry -> new Read.OfTenant(control.tenant(), entry))
                        .orElseGet(() -> new Read.Unusable("the reset goes back to offset %d, expected -1 to %d"
                                .formatted(control.record().getReset().getOffset(), offset - 1)));
            case Decoded.Tick tick -> new Read.OfAll(new LogEntry.Tick(offset, logMillis));
            case Decoded.Invalid invalid -> new Read.Unusable(invalid.reason());
        };
    }

    private Read feedback(Decoded.Valid valid, long offset, long logMillis) {
        FeedbackRecord record = valid.record();
        return switch (examples.map(record)) {
            case FeedbackExamples.Mapped.Usable usable ->
                new Read.OfTenant(
                        valid.tenant(),
                        new LogEntry.Feedback(
                                offset,
                                logMillis,
                                record.getEventId(),
                                record.getEventTimeMillis(),
                                usable.example(),
                                record.getSubject(),
                                record.getPrincipal().isEmpty() ? record.getSubject() : record.getPrincipal()));
            case FeedbackExamples.Mapped.Unusable unusable -> new Read.Unusable(unusable.reason());
        };
    }
}
