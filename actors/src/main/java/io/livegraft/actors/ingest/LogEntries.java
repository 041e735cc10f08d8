package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.Label;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * From the records of the feedback topic to the entries of its tenants' logs. The one way in: whoever reads the log again finds
 * the same entries and the same records that can't be used.
 */
public final class LogEntries {
    /** What a record means to trainers. */
    public sealed interface Read {
        /**
         * Of one tenant.
         *
         * @param entry turns text into tokens, which costs more than all else: not asked for where it isn't needed
         */
        record OfTenant(String tenant, Supplier<Entry> entry) implements Read {}

        /** Of every tenant that has its log in the partition. */
        record OfAll(LogEntry.Tick tick) implements Read {}

        /** What there is for one tenant. */
        sealed interface Entry {}

        record Usable(LogEntry entry) implements Entry {}

        /** To the dead-letter topic; {@code reason} is one clear sentence. */
        record Unusable(String reason) implements Read, Entry {}
    }

    private final FeedbackDecoder decoder;
    private final FeedbackExamples examples;

    public LogEntries(FeedbackDecoder decoder, FeedbackExamples examples) {
        this.decoder = decoder;
        this.examples = examples;
    }

    /** By these settings; examples of at most {@code mostTokens}, which the base can attend to. */
    public static LogEntries of(IngestSettings settings, FeedbackExamples.Encoding encoding, int mostTokens) {
        return new LogEntries(FeedbackDecoder.of(settings), new FeedbackExamples(encoding, mostTokens));
    }

    /** Never throws, whatever the bytes; nor do entries. */
    public Read read(Optional<byte[]> key, Optional<byte[]> value, long offset, long logMillis) {
        return switch (decoder.decode(key, value)) {
            case Decoded.Valid valid ->
                new Read.OfTenant(valid.tenant(), () -> feedback(valid.record(), offset, logMillis));
            case Decoded.Control control ->
                new Read.OfTenant(control.tenant(), () -> control(control.record(), offset, logMillis));
            case Decoded.Tick tick -> new Read.OfAll(new LogEntry.Tick(offset, logMillis));
            case Decoded.Invalid invalid -> new Read.Unusable(invalid.reason());
        };
    }

    /** A feedback event as it was written, without its text becoming tokens; empty for every other record. */
    public Optional<FeedbackRecord> event(Optional<byte[]> key, Optional<byte[]> value) {
        return decoder.decode(key, value) instanceof Decoded.Valid valid
                ? Optional.of(valid.record())
                : Optional.empty();
    }

    private static Read.Entry control(FeedbackRecord record, long offset, long logMillis) {
        return ControlEntries.entry(record, offset, logMillis)
                .<Read.Entry>map(Read.Usable::new)
                .orElseGet(() -> new Read.Unusable("the reset goes back to offset %d, expected -1 to %d"
                        .formatted(record.getReset().getOffset(), offset - 1)));
    }

    private Read.Entry feedback(FeedbackRecord record, long offset, long logMillis) {
        return switch (examples.map(record)) {
            case FeedbackExamples.Mapped.Usable usable ->
                new Read.Usable(new LogEntry.Feedback(
                        offset,
                        logMillis,
                        record.getEventId(),
                        record.getEventTimeMillis(),
                        label(record),
                        usable.lesson(),
                        record.getSubject(),
                        record.getPrincipal().isEmpty() ? record.getSubject() : record.getPrincipal()));
            case FeedbackExamples.Mapped.Unusable unusable -> new Read.Unusable(unusable.reason());
        };
    }

    private static Label label(FeedbackRecord record) {
        return switch (record.getLabelCase()) {
            case RATING ->
                switch (record.getRating()) {
                    case ACCEPTED -> Label.ACCEPTED;
                    case REJECTED -> Label.REJECTED;
                    case RATING_UNSPECIFIED, UNRECOGNIZED -> Label.EXAMPLE;
                };
            case CORRECTION -> Label.CORRECTION;
            case REJECTED -> Label.PREFERENCE;
            case LABEL_NOT_SET -> Label.EXAMPLE;
        };
    }
}
