package io.livegraft.actors.archive;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.DurableDirectory;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One partition's segments, {@code <topic>/<partition>/<20-digit first offset>.seg}. Each names the one before it and how far
 * that one counts, so that neither a lost segment nor a lost end goes unnoticed.
 *
 * @param folder {@code <topic>/<partition>}
 */
public record ArchivePartition(DurableDirectory directory, String folder) {
    private static final Pattern FILE = Pattern.compile("\\d{20}\\.seg");

    /** First offsets of the segments, in order. */
    List<Long> segments() throws IOException {
        return directory.list(folder).stream()
                .map(Disk.Entry::name)
                .filter(FILE.asMatchPredicate())
                .map(name -> Long.parseLong(name.substring(0, 20)))
                .toList();
    }

    String name(long segment) {
        return "%s/%020d.seg".formatted(folder, segment);
    }

    Segment read(long segment) throws IOException {
        return Segment.parse(directory.read(name(segment)));
    }

    /** The first offset that it may hold; empty where it holds none. */
    public OptionalLong first() throws IOException {
        List<Long> segments = segments();
        return segments.isEmpty() ? OptionalLong.empty() : OptionalLong.of(segments.getFirst());
    }

    /** The last offset that it goes through; empty where it holds none. */
    public OptionalLong last() throws IOException {
        List<Long> segments = segments();
        return segments.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(read(segments.getLast()).last());
    }

    /**
     * Every record with an offset in {@code from..through}, in order.
     *
     * @throws DamagedArchiveException where one of them may be missing, naming the segment
     */
    public void read(long from, long through, Consumer<ArchivedRecord> records) throws IOException {
        List<Long> segments = segments();
        for (int i = 0; i < segments.size(); i++) {
            boolean last = i + 1 == segments.size();
            boolean overlaps = segments.get(i) <= through && (last || segments.get(i + 1) > from);
            if (overlaps) {
                long counts = last ? Long.MAX_VALUE : counts(segments.get(i), segments.get(i + 1));
                for (ArchivedRecord record : whole(segments.get(i), counts).records()) {
                    if (record.offset() >= from && record.offset() <= Math.min(through, counts)) {
                        records.accept(record);
                    }
                }
            }
        }
    }

    /** Reads everything. */
    public void scrub() throws IOException {
        read(0, Long.MAX_VALUE, record -> {});
    }

    /** What {@link ArchiveWriter#forget} took out for a tenant. */
    public Forgotten forgotten(String tenant) throws IOException {
        try {
            return Forgotten.parse(directory.read(forgottenName(tenant)));
        } catch (NoSuchFileException e) {
            return Forgotten.NOTHING;
        }
    }

    void write(String tenant, Forgotten forgotten) throws IOException {
        directory.write(forgottenName(tenant), forgotten.encode());
    }

    private String forgottenName(String tenant) {
        return "%s/%s.forgotten".formatted(folder, tenant);
    }

    /** How far a segment counts by what the next one says. */
    private long counts(long segment, long next) throws IOException {
        Frame.Header header = read(next)
                .header()
                .orElseThrow(() -> new DamagedArchiveException("segment %s has no header".formatted(name(next))));
        if (header.previous() == Frame.Header.NONE) {
            throw new DamagedArchiveException("records between offsets %d and %d were not archived here"
                    .formatted(header.previousThrough(), next));
        }
        if (header.previous() != segment) {
            throw new DamagedArchiveException("segment %s comes after %s, but that one is not there"
                    .formatted(name(next), name(header.previous())));
        }
        return header.previousThrough();
    }

    /** A segment of which nothing that counts is missing, by what the next one says; empty where something is. */
    Optional<Segment> sound(long segment, long next) throws IOException {
        Optional<Frame.Header> header = read(next).header();
        try {
            return header.isPresent() ? Optional.of(whole(segment, header.get().previousThrough())) : Optional.empty();
        } catch (DamagedArchiveException e) {
            return Optional.empty(); // stays until somebody has seen it
        }
    }

    private Segment whole(long segment, long counts) throws IOException {
        Segment found = read(segment);
        if (found.damaged() || (counts != Long.MAX_VALUE && found.last() < counts)) {
            throw new DamagedArchiveException("segment %s is damaged after offset %d; it was durable through %d"
                    .formatted(name(segment), found.last(), counts == Long.MAX_VALUE ? found.acknowledged() : counts));
        }
        return found;
    }

    /** Takes records out of every segment for good; others stay as they are. No segment is being written meanwhile. */
    void remove(Predicate<ArchivedRecord> removed) throws IOException {
        List<Long> segments = segments();
        for (int i = 0; i < segments.size(); i++) {
            boolean last = i + 1 == segments.size();
            rewrite(
                    segments.get(i),
                    last ? Long.MAX_VALUE : counts(segments.get(i), segments.get(i + 1)),
                    removed.negate());
        }
        directory.force(folder); // one that was removed before may have come to stay only now
    }

    /** Leaves those records that count and are kept, in one piece. */
    void rewrite(long segment, long counts, Predicate<ArchivedRecord> kept) throws IOException {
        Segment found = whole(segment, counts);
        List<ArchivedRecord> left = found.records().stream()
                .filter(record -> record.offset() <= counts && kept.test(record))
                .toList();
        boolean last = counts == Long.MAX_VALUE; // its marks may be seen without being durable
        if (last || left.size() < found.records().size()) {
            long through = last ? found.last() : counts;
            directory.write(name(segment), Segment.encode(found.header().orElseThrow(), left, through));
        }
    }
}
