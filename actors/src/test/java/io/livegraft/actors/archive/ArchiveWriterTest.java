package io.livegraft.actors.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.disk.FaultyDisk;
import io.livegraft.actors.disk.FaultyDisk.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.junit.jupiter.api.Test;

class ArchiveWriterTest {
    private static final ArchiveSettings SETTINGS = new ArchiveSettings(true, 1000, 500, Duration.ZERO);

    private final FaultyDisk disk = new FaultyDisk();
    private final FeedbackArchive archive;

    ArchiveWriterTest() throws IOException {
        archive = FeedbackArchive.open(disk, Path.of("/archive"), SETTINGS);
    }

    @Test
    void aFullDiskHoldsRecordsBackAndLosesNone() throws IOException {
        ArchiveWriter writer = archive.writer("feedback", 0);
        disk.failing(Fault.NO_SPACE, 0, Long.MAX_VALUE);
        CompletableFuture<Done> room = CompletableFuture.completedFuture(Done.getInstance());
        long next = 0;
        while (room.isDone()) {
            room = writer.append(record(next++), true);
        }
        assertThrows(IOException.class, writer::force);
        assertFalse(room.isDone());
        disk.failing(Fault.NONE, 0, 0);
        assertEquals(next - 1, writer.force());
        assertTrue(room.isDone());
        assertEquals(next, read(0).size());
    }

    @Test
    void whoReadsAPartitionNextGoesOn() throws IOException {
        assertTrue(archive.writer("feedback", 0).append(record(0), false).isDone());
        assertTrue(archive.writer("feedback", 0).append(record(1), true).isDone());
        assertEquals(1, archive.writer("feedback", 0).force());
        assertEquals(List.of(0L, 1L), read(0));
    }

    @Test
    void recordsThatOthersReadAreToldToBeMissing() throws IOException {
        ArchiveWriter writer = archive.writer("feedback", 0);
        assertTrue(writer.append(record(0), false).isDone());
        assertTrue(writer.append(record(5), false).isDone());
        assertEquals(5, writer.force());
        assertThrows(DamagedArchiveException.class, () -> read(0));
        assertEquals(List.of(5L), read(5));
    }

    private List<Long> read(long from) throws IOException {
        List<Long> offsets = new ArrayList<>();
        archive.partition("feedback", 0).read(from, Long.MAX_VALUE, record -> offsets.add(record.offset()));
        return offsets;
    }

    private static ArchivedRecord record(long offset) {
        return new ArchivedRecord(offset, offset, Optional.of(new byte[10]), Optional.of(new byte[100]));
    }
}
