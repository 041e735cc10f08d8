package io.livegraft.actors.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Files and directories that are there whole or not at all, whenever the process or the machine dies: written beside their
 * place, forced to disk, renamed, and the rename forced too.
 */
public final class AtomicFiles {
    /** Names that start with this are unfinished writes. */
    static final String UNFINISHED = ".tmp-";

    private AtomicFiles() {}

    public static void write(Path file, byte[] bytes) throws IOException {
        Path parent = parent(file);
        Files.createDirectories(parent);
        Path unfinished = parent.resolve(UNFINISHED + file.getFileName());
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(parent);
    }

    /** Gives {@code unfinished}, a directory of plain files in the same file system, its name; keeps one already there. */
    static void publish(Path unfinished, Path directory) throws IOException {
        try (Stream<Path> files = Files.list(unfinished)) {
            for (Path file : files.toList()) {
                force(file);
            }
        }
        force(unfinished);
        if (Files.exists(directory)) {
            delete(unfinished);
        } else {
            Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
        }
        force(parent(directory));
    }

    /** Deletes a file or a directory with all it holds; nothing there is fine. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> tree = Files.walk(path)) {
            deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : deepestFirst) {
            Files.deleteIfExists(each);
        }
    }

    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no directory");
        }
        return parent;
    }
}
