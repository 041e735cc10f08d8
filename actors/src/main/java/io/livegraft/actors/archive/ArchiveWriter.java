package io.livegraft.actors.archive;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
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
    private static final long NOTHING = -1;

    /**
     * A record that waits.
     *
     * @param follows whether it comes next in the log after the one before it
     */
    private record Waiting(ArchivedRecord record, boolean follows) {}

    private final ArchivePartition partition;
    private final ArchiveSettings settings;
    private final Object writing = new Object();
    private final Deque<Waiting> pending = new ArrayDeque<>();
    private CompletableFuture<Done> room = CompletableFuture.completedFuture(Done.getInstance());
    private long pendingBytes;
    private long taken = NOTHING;
    private volatile long through = NOTHING;
    private boolean found;
    private Optional<OpenSegment> open = Optional.empty();

    /** Looks at what is there with the first {@link #force}. */
    ArchiveWriter(ArchivePartition partition, ArchiveSettings settings) {
        this.partition = partition;
        this.settings = settings;
    }

    /** Goes on after the last record that is there; a torn end is cut off. */
    public static ArchiveWriter open(ArchivePartition partition, ArchiveSettings settings) throws IOException {
        ArchiveWriter writer = new ArchiveWriter(partition, settings);
        writer.force();
        return writer;
    }

    /** Every record up to this offset is in the archive for good; -1 where none is known to be. */
    public long through() {
        return through;
    }

    /**
     * Records at or before the last one are there already and pass; others come in the order of the log.
     *
     * @param follows false where reading begins: should others be missing before it, the archive says so
     * @return completes when further records may come: at once while not too many wait, else after a force
     */
    public synchronized CompletableFuture<Done> append(ArchivedRecord record, boolean follows) {
        if (record.offset() > taken) {
            taken = record.offset();
            pending.add(new Waiting(record, follows));
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
            find();
            List<Waiting> batch = taken();
            write(batch.stream()
                    .filter(each -> each.record().offset() > through)
                    .toList());
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

    /**
     * As {@link #remove}, once for each tenant and offset, and {@link ArchivePartition#forgotten} says so.
     *
     * @param offset of the last forget
     * @param firsts as {@link Forgotten#firsts()}; known before anything is removed, whatever happens then
     * @throws IOException also where the archive does not reach the offset yet, as records before it would still come
     */
    public void forget(String tenant, long offset, SortedMap<Long, Long> firsts, Predicate<ArchivedRecord> forgotten)
            throws IOException {
        synchronized (writing) {
            Forgotten before = partition.forgotten(tenant);
            if (before.through() >= offset) {
                return;
            }
            Forgotten after = before.with(firsts);
            partition.write(tenant, after);
            remove(forgotten);
            if (through < offset) {
                throw new IOException("the archive holds records through offset %d, expected %d before %s is forgotten"
                        .formatted(through, offset, tenant));
            }
            partition.write(tenant, after.through(offset));
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (writing) {
            force();
            abandon();
        }
    }

    private void find() throws IOException {
        if (found) {
            return;
        }
        partition.directory().force(partition.folder());
        List<Long> segments = partition.segments();
        if (!segments.isEmpty()) {
            through = find(segments.getLast());
        }
        found = true;
    }

    private long find(long name) throws IOException {
        Segment last = partition.read(name);
        if (last.damaged()) {
            LOG.error("segment {} of the archive is damaged; it is left as it is", partition.name(name));
            return Math.max(last.acknowledged(), name - 1);
        }
        if (!last.records().isEmpty()) {
            partition.rewrite(name, Long.MAX_VALUE, record -> true);
        }
        return last.last();
    }

    private synchronized List<Waiting> taken() {
        return List.copyOf(pending);
    }

    private synchronized void written(List<Waiting> batch) {
        for (Waiting each : batch) {
            pending.remove();
            pendingBytes -= each.record().size();
        }
        room.complete(Done.getInstance());
    }

    private void write(List<Waiting> batch) throws IOException {
        try {
            for (Waiting each : batch) {
                write(each.record(), !each.follows() && misses(each.record().offset()));
            }
            if (!batch.isEmpty()) {
                commit();
            }
        } catch (IOException e) {
            abandon();
            throw e;
        }
    }

    private void write(ArchivedRecord record, boolean apart) throws IOException {
        if (open.isPresent() && (apart || open.get().size() >= settings.segmentBytes())) {
            commit();
            abandon();
        }
        if (open.isEmpty()) {
            open = Optional.of(OpenSegment.begin(partition, record.offset(), through, apart));
            dropOld(record.logMillis());
        }
        open.get().add(record);
    }

    private boolean misses(long offset) {
        long before = open.map(OpenSegment::last).orElse(through);
        return before != NOTHING && offset > before + 1;
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
        for (int i = 0; i + 1 < segments.size(); i++) {
            Optional<Segment> oldest = partition.sound(segments.get(i), segments.get(i + 1));
            boolean old = oldest.isPresent()
                    && oldest.get().records().stream().allMatch(record -> record.logMillis() < nowMillis - retention);
            if (!old) {
                return;
            }
            partition.directory().delete(partition.name(segments.get(i)));
        }
    }
}
