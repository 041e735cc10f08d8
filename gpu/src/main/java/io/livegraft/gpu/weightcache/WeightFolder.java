package io.livegraft.gpu.weightcache;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache's files: which are there, when they were used last (their time of change), how many bytes they may have.
 *
 * @param maxBytes of all files together
 */
record WeightFolder(Path directory, long maxBytes) {
    private static final Logger LOG = LoggerFactory.getLogger(WeightFolder.class);
    private static final String SUFFIX = ".weights";
    /** No writer takes that long: it is gone. */
    private static final Duration STRAY = Duration.ofHours(1);

    private record Kept(Path path, long bytes, FileTime used) {
        static Kept of(Path path) throws IOException {
            return new Kept(path, Files.size(path), Files.getLastModifiedTime(path));
        }
    }

    Path file(String name) {
        return directory.resolve(name + SUFFIX);
    }

    void used(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException readOnly) {
            // it goes sooner than it should
        }
    }

    /** Removes what was used least recently until {@code bytes} more fit; false where they never do. The folder is there then. */
    boolean makeRoom(Path file, long bytes) throws IOException {
        if (bytes > maxBytes) {
            return false;
        }
        Files.createDirectories(directory, ownerOnly());
        removeStrays();
        long room = maxBytes - bytes;
        for (Kept kept : latestFirst()) {
            room -= kept.path().equals(file) ? 0 : kept.bytes();
            if (room < 0 && Files.deleteIfExists(kept.path())) {
                LOG.info("{} was removed: the quantized cache may have {} bytes", kept.path(), maxBytes);
            }
        }
        return true;
    }

    private List<Kept> latestFirst() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> ours =
                    files.filter(path -> path.toString().endsWith(SUFFIX)).toList();
            Stream.Builder<Kept> kept = Stream.builder();
            for (Path path : ours) {
                kept.add(Kept.of(path));
            }
            return kept.build()
                    .sorted(Comparator.comparing(Kept::used).reversed())
                    .toList();
        }
    }

    /** What writers left that were killed. */
    private void removeStrays() throws IOException {
        try (var strays = Files.newDirectoryStream(directory, ".*" + SUFFIX + ".*.tmp")) {
            for (Path stray : strays) {
                if (Files.getLastModifiedTime(stray)
                        .toInstant()
                        .isBefore(Instant.now().minus(STRAY))) {
                    Files.deleteIfExists(stray);
                }
            }
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }
}
