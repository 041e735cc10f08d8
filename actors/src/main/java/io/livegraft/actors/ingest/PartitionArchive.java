package io.livegraft.actors.ingest;

import io.livegraft.actors.archive.ArchiveWriter;
import io.livegraft.actors.archive.ArchivedRecord;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The archive of a partition, as whoever reads the partition writes it. */
final class PartitionArchive {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionArchive.class);

    private final ArchiveWriter writer;
    private boolean follows;
    private boolean forcing;
    private CompletableFuture<Done> room = CompletableFuture.completedFuture(Done.getInstance());

    PartitionArchive(ArchiveWriter writer) {
        this.writer = writer;
    }

    /** Reading begins at another place: the next record need not follow the one before. */
    void begins() {
        follows = false;
    }

    void append(ConsumerRecord<byte[], byte[]> record) {
        room = writer.append(
                new ArchivedRecord(
                        record.offset(),
                        record.timestamp(),
                        Optional.ofNullable(record.key()),
                        Optional.ofNullable(record.value())),
                follows);
        follows = true;
    }

    /** Whether further records may come before a {@link #force}. */
    boolean hasRoom() {
        return room.isDone();
    }

    /** Whether {@link #force} runs. */
    boolean forcing() {
        return forcing;
    }

    /**
     * Makes durable what was appended; one at a time, until {@link #forced}.
     *
     * @return the last offset that is; empty where the archive can't be written
     */
    CompletableFuture<OptionalLong> force(Executor blocking) {
        forcing = true;
        return CompletableFuture.supplyAsync(this::through, blocking);
    }

    void forced() {
        forcing = false;
    }

    private OptionalLong through() {
        try {
            return OptionalLong.of(writer.force());
        } catch (IOException e) {
            LOG.warn("the archive can't be written; the low-water mark waits", e);
            return OptionalLong.empty();
        }
    }
}
