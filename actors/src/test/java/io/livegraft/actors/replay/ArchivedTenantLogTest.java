package io.livegraft.actors.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.archive.ArchiveSettings;
import io.livegraft.actors.archive.ArchivedRecord;
import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.disk.FileDisk;
import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.actors.ingest.FeedbackExamples;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Reset;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An archive of a partition that another node had for a while. */
class ArchivedTenantLogTest {
    private static final byte[] SUPPORT = "support".getBytes(StandardCharsets.UTF_8);
    private static final byte[] RESET = FeedbackRecord.newBuilder()
            .setReset(Reset.newBuilder().setOffset(-1))
            .setPrincipal("ann")
            .setReason("because")
            .build()
            .toByteArray();
    private static final LogEntries ENTRIES =
            new LogEntries(new FeedbackDecoder(1000, 3), new FeedbackExamples(new NoText(), 20));

    @TempDir
    private Path directory;

    private final List<String> otherReads = new ArrayList<>();

    @Test
    void whatTheArchiveHoldsWhollyIsReadFromItAndWhatItMissesFromTheOther() throws IOException {
        FeedbackArchive archive = FeedbackArchive.open(
                new FileDisk(), directory.resolve("archive"), new ArchiveSettings(true, 1000, 1000, Duration.ZERO));
        for (long offset : new long[] {0, 1, 2, 5, 6}) {
            ArchivedRecord record = new ArchivedRecord(offset, offset, Optional.of(SUPPORT), Optional.of(RESET));
            archive.writer("feedback", 0)
                    .append(record, offset != 0 && offset != 5)
                    .join();
            archive.writer("feedback", 0).force();
        }
        ArchivedTenantLog log = new ArchivedTenantLog(
                archive,
                "feedback",
                ENTRIES,
                (tenant, partition, from, through, taker) -> otherReads.add(from + "-" + through));
        assertEquals(List.of(5L, 6L), offsets(log, 5, 6));
        assertEquals(List.of(), otherReads);
        assertEquals(List.of(), offsets(log, 0, 6));
        assertEquals(List.of("0-6"), otherReads);
    }

    private static List<Long> offsets(ArchivedTenantLog log, long from, long through) {
        List<Long> offsets = new ArrayList<>();
        log.read("support", 0, from, through, entry -> offsets.add(offset(entry)));
        return offsets;
    }

    private static long offset(LogEntry entry) {
        return ((LogEntry.Reset) entry).offset();
    }

    private record NoText() implements FeedbackExamples.Encoding {
        @Override
        public TrainingExample example(String prompt, String completion) {
            throw new AssertionError("no text here");
        }

        @Override
        public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
            throw new AssertionError("no text here");
        }
    }
}
