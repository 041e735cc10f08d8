package io.livegraft.gpu.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;

/** Keeps other processes, and other threads of this one, away from a blob while it is downloaded; ends with the process. */
record BlobLock(FileChannel channel, FileLock lock) implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** Waits as long as somebody else holds it: they report their own progress. */
    static BlobLock take(Path file) throws IOException, InterruptedException {
        Files.createDirectories(file.getParent());
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            while (true) {
                Optional<FileLock> lock = tryLock(channel);
                if (lock.isPresent()) {
                    return new BlobLock(channel, lock.get());
                }
                Thread.sleep(PAUSE);
            }
        } catch (IOException | InterruptedException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    private static Optional<FileLock> tryLock(FileChannel channel) throws IOException {
        try {
            return Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException anotherThread) {
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }
}
