package io.livegraft.actors.node;

import io.livegraft.actors.disk.DurableDirectory;
import io.livegraft.actors.disk.FileDisk;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.function.Supplier;

/** Everything that outlives the process; belongs to one process at a time and to one base for good. */
final class StateDirectory implements AutoCloseable {
    private final Path directory;
    private final DurableDirectory files;
    private final FileChannel lock;

    private StateDirectory(Path directory, DurableDirectory files, FileChannel lock) {
        this.directory = directory;
        this.files = files;
        this.lock = lock;
    }

    /** CONFLICT where another process uses it; the operating system lifts the lock of a process that was killed. */
    static StateDirectory open(Path path) {
        Path directory = path.toAbsolutePath().normalize();
        try {
            Files.createDirectories(directory);
            FileChannel channel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(channel)) {
                channel.close();
                throw new LivegraftException(
                        ErrorCode.CONFLICT,
                        "state directory %s is in use by another process; stop it or set livegraft.state-directory"
                                .formatted(directory));
            }
            return new StateDirectory(directory, DurableDirectory.open(new FileDisk(), directory), channel);
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "state directory %s can't be used: %s".formatted(directory, e.getMessage()),
                    e);
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // this very process has it
        }
    }

    /** INVALID_CONFIGURATION where its adapters belong to another base. */
    void claimFor(String baseDigest) {
        try {
            String claimed = kept("base.sha256", () -> baseDigest);
            if (!claimed.equals(baseDigest)) {
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "state directory %s belongs to base %s, but base %s was loaded; use another state directory"
                                .formatted(directory, claimed, baseDigest));
            }
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "state directory %s can't be used: %s".formatted(directory, e.getMessage()),
                    e);
        }
    }

    /** The same for every process that ever runs on this directory. */
    String nodeId() {
        try {
            return kept("node.id", () -> UUID.randomUUID().toString());
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "state directory %s can't be used: %s".formatted(directory, e.getMessage()),
                    e);
        }
    }

    /** What a file says, from the first time on; only one known to be absent is written. */
    private String kept(String name, Supplier<String> first) throws IOException {
        try {
            return text(name);
        } catch (NoSuchFileException e) {
            files.write(name, first.get().getBytes(StandardCharsets.UTF_8));
            return text(name);
        }
    }

    private String text(String name) throws IOException {
        return new String(files.read(name), StandardCharsets.UTF_8);
    }

    Path resolve(String name) {
        return directory.resolve(name);
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "the lock of %s can't be released".formatted(directory), e);
        }
    }
}
