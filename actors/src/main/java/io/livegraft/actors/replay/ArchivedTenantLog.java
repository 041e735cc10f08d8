package io.livegraft.actors.replay;

import io.livegraft.actors.archive.ArchivePartition;
import io.livegraft.actors.archive.DamagedArchiveException;
import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.TenantLog;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The archive of this node; what it does not hold wholly is read from another log. */
public final class ArchivedTenantLog implements TenantLog {
    private static final Logger LOG = LoggerFactory.getLogger(ArchivedTenantLog.class);

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
            throw unavailable(partition, e);
        }
    }

    @Override
    public OptionalLong firstRemoved(String tenant, int partition, long forget) {
        try {
            Long first = archive.partition(topic, partition)
                    .forgotten(tenant)
                    .firsts()
                    .get(forget);
            return first == null ? OptionalLong.empty() : OptionalLong.of(first);
        } catch (IOException e) {
            throw unavailable(partition, e);
        }
    }

    /** A forget that the archive does not hold came before all that it holds. */
    @Override
    public void removeForgotten(String tenant, int partition, long through) {
        ArchivePartition records = archive.partition(topic, partition);
        try {
            if (records.forgotten(tenant).through() < through) {
                ForgetScan scan = new ForgetScan(tenant, tenantEntries);
                records.read(0, through, scan::take);
                archive.writer(topic, partition).forget(tenant, through, scan.firsts(), scan::forgotten);
            }
        } catch (IOException e) {
            throw unavailable(partition, e);
        }
    }

    private LivegraftException unavailable(int partition, IOException cause) {
        return new LivegraftException(
                ErrorCode.UNAVAILABLE,
                "the archive of %s partition %d can't be used: %s".formatted(topic, partition, cause.getMessage()),
                cause);
    }

    /** Whether nothing is missing: while another node had the partition, its records were not archived here. */
    private static boolean holds(ArchivePartition records, long from, long through) throws IOException {
        OptionalLong first = records.first();
        OptionalLong last = records.last();
        if (first.isEmpty() || first.getAsLong() > from || last.isEmpty() || last.getAsLong() < through) {
            return false;
        }
        try {
            records.read(from, through, record -> {});
            return true;
        } catch (DamagedArchiveException e) {
            LOG.warn("the archive does not hold offsets {} to {}: {}", from, through, e.getMessage());
            return false;
        }
    }
}
