package io.livegraft.actors.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of adapters' weights on this machine's disk, in front of a store that is farther away: {@code <digest>} each. They never
 * take more than their bytes, those that are being written among them; the least recently used one goes (of those of an earlier
 * run the oldest). They are never needed: a disk that fails costs a copy, and whoever reads one compares its digest.
 */
public final class AdapterCopies {
    /** Is told how many there are now, and their bytes. */
    public interface Usage {
        void changed(long adapters, long bytes);
    }

    private static final Logger LOG = LoggerFactory.getLogger(AdapterCopies.class);
    /** What a process that died had not finished. */
    private static final String UNFINISHED = ".unfinished-";

    private final Path directory;
    private final long mostBytes;
    private final Usage usage;
    private final AtomicLong written = new AtomicLong();
    /** By digest, the least recently used one first. */
    private final Map<String, Long> sizes = new LinkedHashMap<>(16, 0.75f, true);

    private long bytes;

    private AdapterCopies(Path directory, long mostBytes, Usage usage) {
        this.directory = directory;
        this.mostBytes = mostBytes;
        this.usage = usage;
    }

    /** In a directory that no other process uses, made where it is absent; what an earlier run left is there again. */
    public static AdapterCopies open(Path directory, long mostBytes, Usage usage) throws IOException {
        Files.createDirectories(directory);
        AdapterCopies copies = new AdapterCopies(directory, mostBytes, usage);
        for (Path file : oldestFirst(directory)) {
            String name = String.valueOf(file.getFileName());
            if (name.startsWith(UNFINISHED)) {
                Files.delete(file);
            } else {
                copies.found(name, Files.size(file));
            }
        }
        return copies;
    }

    private static List<Path> oldestFirst(Path directory) throws IOException {
        Map<Path, Long> ages = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                ages.put(file, Files.getLastModifiedTime(file).toMillis());
            }
        }
        return ages.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.naturalOrder()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Whether there is a copy, by what is known in memory. */
    public synchronized boolean has(String digest) {
        return sizes.containsKey(digest);
    }

    /** The bytes as they are on the disk, right or wrong. */
    Optional<byte[]> read(String digest) {
        if (used(digest)) {
            try {
                return Optional.of(Files.readAllBytes(file(digest)));
            } catch (NoSuchFileException e) {
                // it went meanwhile
            } catch (IOException e) {
                LOG.warn("the copy {} can't be read: {}", file(digest), e.toString());
            }
        }
        return Optional.empty();
    }

    /** In the place of what is there. */
    void keep(String digest, byte[] weights) {
        if (!reserve(weights.length)) {
            return;
        }
        Path unfinished = directory.resolve(UNFINISHED + written.getAndIncrement());
        try {
            Files.write(unfinished, weights);
            Files.move(unfinished, file(digest), StandardCopyOption.ATOMIC_MOVE);
            kept(digest, weights.length);
        } catch (IOException e) {
            LOG.warn("adapter {} can't be copied to {}: {}", digest, directory, e.toString());
            delete(unfinished);
            freed(weights.length);
        }
    }

    synchronized void drop(String digest) {
        Optional.ofNullable(sizes.remove(digest)).ifPresent(size -> {
            delete(file(digest));
            freed(size);
        });
    }

    /** Those of adapters that are no more go. */
    synchronized void retain(Set<String> digests) {
        sizes.keySet().stream()
                .filter(digest -> !digests.contains(digest))
                .toList()
                .forEach(this::drop);
    }

    private synchronized boolean used(String digest) {
        return sizes.get(digest) != null; // marks it as used
    }

    private synchronized void found(String digest, long size) {
        if (reserve(size)) {
            kept(digest, size);
        } else {
            delete(file(digest));
        }
    }

    /** Room for one more; false where so much never fits, or what is being written takes the rest. */
    private synchronized boolean reserve(long size) {
        Iterator<Map.Entry<String, Long>> oldest = sizes.entrySet().iterator();
        while (size <= mostBytes && bytes + size > mostBytes && oldest.hasNext()) {
            Map.Entry<String, Long> victim = oldest.next();
            delete(file(victim.getKey()));
            bytes -= victim.getValue();
            oldest.remove();
        }
        boolean fits = bytes + size <= mostBytes;
        bytes += fits ? size : 0;
        return fits;
    }

    private synchronized void kept(String digest, long size) {
        freed(Optional.ofNullable(sizes.put(digest, size)).orElse(0L));
    }

    private synchronized void freed(long size) {
        bytes -= size;
        usage.changed(sizes.size(), bytes);
    }

    private void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("the copy {} can't be deleted: {}", file, e.toString());
        }
    }

    private Path file(String digest) {
        return directory.resolve(digest);
    }
}
