package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.actors.trainer.Label;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import io.livegraft.proto.feedback.Reset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LogEntriesTest {
    private static final byte[] SUPPORT = "support".getBytes(StandardCharsets.UTF_8);
    private static final FeedbackRecord EVENT = FeedbackRecord.newBuilder()
            .setEventId("e")
            .setPrompt("ask")
            .setCompletion("answer")
            .build();

    private int encoded;

    /** One token per character. */
    private final FeedbackExamples.Encoding counting = new FeedbackExamples.Encoding() {
        @Override
        public TrainingExample example(String prompt, String completion) {
            encoded++;
            return new TrainingExample((prompt + completion).chars().toArray(), prompt.length());
        }

        @Override
        public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
            throw new AssertionError("no conversations here");
        }
    };

    private final LogEntries entries = new LogEntries(new FeedbackDecoder(1000, 3), new FeedbackExamples(counting, 20));

    @Test
    void textIsTokenizedForThoseOnlyWhoAskForTheEntry() {
        LogEntries.Read.OfTenant read = assertInstanceOf(LogEntries.Read.OfTenant.class, read(EVENT, 7));
        assertEquals("support", read.tenant());
        assertEquals(0, encoded);
        LogEntries.Read.Usable usable =
                assertInstanceOf(LogEntries.Read.Usable.class, read.entry().get());
        assertEquals(1, encoded);
        LogEntry.Feedback feedback = assertInstanceOf(LogEntry.Feedback.class, usable.entry());
        assertEquals(7, feedback.offset());
        assertEquals(70, feedback.logMillis());
    }

    @Test
    void anEntrySaysWhatItsLabelIs() {
        assertEquals(Label.EXAMPLE, label(EVENT));
        assertEquals(
                Label.ACCEPTED,
                label(EVENT.toBuilder().setRating(Rating.ACCEPTED).build()));
        assertEquals(
                Label.REJECTED,
                label(EVENT.toBuilder().setRating(Rating.REJECTED).build()));
        assertEquals(
                Label.CORRECTION,
                label(EVENT.toBuilder().setCorrection("better").build()));
        assertEquals(
                Label.PREFERENCE, label(EVENT.toBuilder().setRejected("worse").build()));
    }

    private Label label(FeedbackRecord record) {
        LogEntries.Read.OfTenant read = assertInstanceOf(LogEntries.Read.OfTenant.class, read(record, 7));
        LogEntries.Read.Usable usable =
                assertInstanceOf(LogEntries.Read.Usable.class, read.entry().get());
        return assertInstanceOf(LogEntry.Feedback.class, usable.entry()).label();
    }

    @Test
    void anEntryTooLongForTheBaseSaysSoWhenItIsAskedFor() {
        FeedbackRecord record = EVENT.toBuilder().setCompletion("a".repeat(30)).build();
        LogEntries.Read.OfTenant read = assertInstanceOf(LogEntries.Read.OfTenant.class, read(record, 7));
        assertEquals(
                new LogEntries.Read.Unusable("prompt and completion have 33 tokens, expected at most 20"),
                read.entry().get());
    }

    @Test
    void aResetToWhatComesLaterIsUnusable() {
        FeedbackRecord record = FeedbackRecord.newBuilder()
                .setReset(Reset.newBuilder().setOffset(7))
                .build();
        LogEntries.Read.OfTenant read = assertInstanceOf(LogEntries.Read.OfTenant.class, read(record, 7));
        assertEquals(
                new LogEntries.Read.Unusable("the reset goes back to offset 7, expected -1 to 6"),
                read.entry().get());
    }

    private LogEntries.Read read(FeedbackRecord record, long offset) {
        return entries.read(Optional.of(SUPPORT), Optional.of(record.toByteArray()), offset, 10 * offset);
    }
}
