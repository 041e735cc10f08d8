package io.livegraft.actors.archive;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one partition's records to its archive. {@link #append} takes them into memory at once; {@link #force} makes durable
 * what was taken, and is done before a low-water mark is committed. A force that failed (the disk is full, an I/O error) leaves
 * the records waiting for the next one, which writes them to another segment.
 *
 * <p>Safe for one thread that appends and others that force.
 */
public final class ArchiveWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveWriter.class);

    private final ArchivePartition partition;
    private final ArchiveSettings settings;
    private final Object writing = new Object();
    private final Deque<ArchivedRecord> pending = new ArrayDeque<>();
    private CompletableFuture<Done> room = CompletableFuture.completedFuture(Done.getInstance());
    private long pendingBytes;
    private long taken;
    private volatile long through;
    private Optional<OpenSegment> open = Optional.empty();

    private ArchiveWriter(ArchivePartition partition, ArchiveSettings settings, long through) {
        this.partition = partition;
        this.settings = settings;
        this.through = through;
        this.taken = through;
    }

    /** Goes on after the last record that is there; a torn end is cut off. */
    public static ArchiveWriter open(ArchivePartition partition, ArchiveSettings settings) throws IOException {
        partition.directory().force(partition.folder());
        List<Long> segments = partition.segments();
        if (segments.isEmpty()) {
            return new ArchiveWriter(partition, settings, -1);
        }
        long name = segments.getLast();
        Segment last = partition.read(name);
        if (last.damaged()) {
            LOG.error("segment {} of the archive is damaged; it is left as it is", partition.name(name));
            return new ArchiveWriter(partition, settings, Math.max(last.acknowledged(), name - 1));
        }
        if (!last.records().isEmpty()) {
            partition.rewrite(name, Long.MAX_VALUE, record -> true);
        }
        return new ArchiveWriter(partition, settings, last.last());
    }

    /** Every record up to this offset is in the archive for good; -1 where there is none. */
    public long through() {
        return through;
    }

    /**
     * Records at or before the last one are there already and pass; others come in the order of the log.
     *
     * @return completes when further records may come: at once while not too many wait, else after a force
     */
    public synchronized CompletableFuture<Done> append(ArchivedRecord record) {
        if (record.offset() > taken) {
            taken = record.offset();
            pending.add(record);
            pendingBytes += record.size();
            if (pendingBytes > settings.pendingBytes() && room.isDone()) {
                room = new CompletableFuture<>();
            }
        }
        return room;
    }

    /**
     * Blocks until everything taken before is durable.
     *
     * @return {@link #through}
     */
    public long force() throws IOException {
        synchronized (writing) {
            List<ArchivedRecord> batch = taken();
            write(batch.stream().filter(record -> record.offset() > through).toList());
            written(batch);
            return through;
        }
    }

    /** Takes records out for good, those that wait too; what an archive says through which offset it goes stays true. */
    public void remove(Predicate<ArchivedRecord> removed) throws IOException {
        synchronized (writing) {
            force();
            abandon();
            partition.remove(removed);
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (writing) {
            force();
            abandon();
        }
    }

    private synchronized List<ArchivedRecord> taken() {
        return List.copyOf(pending);
    }

    private synchronized void written(List<ArchivedRecord> batch) {
        for (ArchivedRecord record : batch) {
            pending.remove();
            pendingBytes -= record.size();
        }
        room.complete(Done.getInstance());
    }

    private void write(List<ArchivedRecord> batch) throws IOException {
        try {
            for (ArchivedRecord record : batch) {
                if (open.isPresent() && open.get().size() >= settings.segmentBytes()) {
                    commit();
                    abandon();
                }
                if (open.isEmpty()) {
                    open = Optional.of(OpenSegment.begin(partition, record.offset(), through));
                    dropOld(record.logMillis());
                }
                open.get().add(record);
            }
            if (!batch.isEmpty()) {
                commit();
            }
        } catch (IOException e) {
            abandon();
            throw e;
        }
    }

    private void commit() throws IOException {
        through = open.orElseThrow().commit();
    }

    /** What was not committed counts as lost: it is written to another segment. */
    private void abandon() {
        open.ifPresent(OpenSegment::close);
        open = Optional.empty();
    }

    private void dropOld(long nowMillis) throws IOException {
        long retention = settings.retention().toMillis();
        if (retention == 0) {
            return;
        }
        List<Long> segments = partition.segments();
        for (long oldest : segments.subList(0, segments.size() - 1)) {
            Segment segment = partition.read(oldest);
            boolean old = segment.records().stream().allMatch(record -> record.logMillis() < nowMillis - retention);
            if (segment.damaged() || !old) {
                return;
            }
            partition.directory().delete(partition.name(oldest));
        }
    }
}
