package io.livegraft.actors.replay;

import io.livegraft.actors.archive.ArchivePartition;
import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.TenantLog;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The archive of this node; what it does not hold wholly is read from another log. */
public final class ArchivedTenantLog implements TenantLog {
    private final FeedbackArchive archive;
    private final String topic;
    private final TenantEntries tenantEntries;
    private final TenantLog other;

    public ArchivedTenantLog(FeedbackArchive archive, String topic, LogEntries entries, TenantLog other) {
        this.archive = archive;
        this.topic = topic;
        this.tenantEntries = new TenantEntries(entries);
        this.other = other;
    }

    @Override
    public void read(String tenant, int partition, long from, long through, Consumer<LogEntry> taker) {
        ArchivePartition records = archive.partition(topic, partition);
        try {
            if (holds(records, from, through)) {
                records.read(from, through, record -> tenantEntries
                        .entry(tenant, record.key(), record.value(), record.offset(), record.logMillis())
                        .ifPresent(taker));
            } else {
                other.read(tenant, partition, from, through, taker);
            }
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "the archive of %s partition %d can't be read: %s".formatted(topic, partition, e.getMessage()),
                    e);
        }
    }

    private static boolean holds(ArchivePartition records, long from, long through) throws IOException {
        OptionalLong first = records.first();
        OptionalLong last = records.last();
        return first.isPresent() && first.getAsLong() <= from && last.isPresent() && last.getAsLong() >= through;
    }
}
