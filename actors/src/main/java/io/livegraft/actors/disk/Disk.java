package io.livegraft.actors.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The few operations on files that durable stores are made of. Nothing survives a power loss before it was forced: bytes by
 * {@link Output#force}, names (creation, renaming, deletion) by {@link #forceDirectory} of the directory that holds them.
 *
 * <p>After a failed {@link Output#force} the bytes since the one before count as lost: the system may have dropped them, and
 * forcing again may succeed without them. Whoever wants them durable writes another file.
 */
public interface Disk {
    /** A file being written, from its beginning on. Closing forces nothing. */
    interface Output extends Closeable {
        void write(byte[] bytes) throws IOException;

        /** What was written is durable when this returns. */
        void force() throws IOException;
    }

    /**
     * A name in a directory.
     *
     * @param directory whether it is one; else it is a file
     */
    record Entry(String name, boolean directory) {}

    /** A new file; FileAlreadyExistsException where there is one. */
    Output create(Path file) throws IOException;

    /** All of a file; NoSuchFileException where there is none. */
    byte[] read(Path file) throws IOException;

    /** Sorted by name; nothing where there is no such directory. */
    List<Entry> list(Path directory) throws IOException;

    /** Takes the place of a file already there, in one piece. Both are in the same file system. */
    void rename(Path from, Path to) throws IOException;

    /** A file or an empty directory; nothing there is fine. */
    void delete(Path path) throws IOException;

    /** One already there is fine; its parent must be there. */
    void createDirectory(Path directory) throws IOException;

    /** The names in it are durable when this returns. */
    void forceDirectory(Path directory) throws IOException;
}
