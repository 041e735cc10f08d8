package io.livegraft.gpu.safetensors;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Files that are there as a whole or not at all: temporary file, fsync, rename, fsync of the directory. */
public final class DurableFile {
    /** Writes the contents. */
    @FunctionalInterface
    public interface Contents {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Writes the contents in any order. */
    @FunctionalInterface
    public interface Positioned {
        void writeTo(FileChannel channel) throws IOException;
    }

    private DurableFile() {}

    /** Creates or replaces {@code file}; its directory must exist. A failure leaves what was there before. */
    public static void write(Path file, Contents contents) {
        writeAnywhere(file, channel -> {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
            contents.writeTo(out);
            out.flush();
        });
    }

    /** As {@link #write(Path, Contents)}. */
    public static void writeAnywhere(Path file, Positioned contents) {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                contents.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel directory = FileChannel.open(directoryOf(target), StandardOpenOption.READ)) {
                directory.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't write " + file + ": " + e.getMessage(), e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    public static void write(Path file, byte[] contents) {
        write(file, out -> out.write(contents));
    }

    private static Path directoryOf(Path target) {
        Path parent = target.getParent();
        return parent == null ? target : parent;
    }

    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // a stray temporary file harms nobody; the failure that left it is already on its way
        }
    }
}
