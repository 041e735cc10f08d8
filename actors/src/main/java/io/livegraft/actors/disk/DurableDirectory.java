package io.livegraft.actors.disk;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A directory, with others in it, whose files are there whole or not at all, whenever the process or the machine dies: written
 * under another name, forced, renamed, and the names forced up to the directory itself. Each process that writes to it at the
 * same time has a name of its own.
 */
public final class DurableDirectory {
    /** Holds unfinished files; what a dead process left there is removed at the next start. */
    private static final String UNFINISHED = ".unfinished";

    private final Disk disk;
    private final Path root;
    private final Path unfinished;
    private final AtomicLong written = new AtomicLong();

    private DurableDirectory(Disk disk, Path root, String unfinished) {
        this.disk = disk;
        this.root = root;
        this.unfinished = root.resolve(unfinished);
    }

    /** Makes it where it is absent; the directory around it must be there. It belongs to this process alone. */
    public static DurableDirectory open(Disk disk, Path root) throws IOException {
        return opened(disk, root, UNFINISHED);
    }

    /** As {@link #open(Disk, Path)}, with others. {@code writer} stays the same over this one's restarts. */
    public static DurableDirectory open(Disk disk, Path root, String writer) throws IOException {
        return opened(disk, root, UNFINISHED + "-" + writer);
    }

    private static DurableDirectory opened(Disk disk, Path root, String unfinished) throws IOException {
        Path absolute = root.toAbsolutePath().normalize();
        DurableDirectory directory = new DurableDirectory(disk, absolute, unfinished);
        disk.createDirectory(absolute);
        disk.forceDirectory(parent(absolute));
        disk.createDirectory(directory.unfinished);
        for (Disk.Entry left : disk.list(directory.unfinished)) {
            disk.delete(directory.unfinished.resolve(left.name()));
        }
        return directory;
    }

    /** Where a name like {@code tenant/file} is. */
    public Path path(String name) {
        return root.resolve(name);
    }

    /** Durable when it returns; takes the place of a file already there. A failure leaves the old one or the new one whole. */
    public void write(String name, byte[] bytes) throws IOException {
        begin(name, bytes).close();
    }

    /**
     * As {@link #write}; the file stays open, to be written on.
     *
     * @param bytes its beginning
     */
    public Disk.Output begin(String name, byte[] bytes) throws IOException {
        Path file = path(name);
        Path beginning = unfinished.resolve(written.getAndIncrement() + "-" + file.getFileName());
        Optional<Disk.Output> open = Optional.empty();
        try {
            createDirectories(parent(file));
            Disk.Output output = disk.create(beginning);
            open = Optional.of(output);
            output.write(bytes);
            output.force();
            disk.rename(beginning, file);
            forceUp(parent(file));
            return output;
        } catch (IOException e) {
            abandon(beginning, open, e);
            throw e;
        }
    }

    /** All of a file; NoSuchFileException where there is none. */
    public byte[] read(String name) throws IOException {
        return disk.read(path(name));
    }

    /** What is in a directory of it, without hidden names; the empty name is the directory itself. */
    public List<Disk.Entry> list(String name) throws IOException {
        return disk.list(path(name)).stream()
                .filter(entry -> !entry.name().startsWith("."))
                .toList();
    }

    /** A file or an empty directory; gone for good when it returns. Nothing there is fine. */
    public void delete(String name) throws IOException {
        Path path = path(name);
        disk.delete(path);
        try {
            disk.forceDirectory(parent(path));
        } catch (NoSuchFileException e) {
            // not even its directory is there
        }
    }

    /**
     * What is seen in a directory of it is durable when this returns: a process that died may have renamed or deleted without
     * having forced. Nothing there is fine.
     */
    public void force(String name) throws IOException {
        try {
            forceUp(path(name));
        } catch (NoSuchFileException e) {
            // nothing is seen there
        }
    }

    private void createDirectories(Path directory) throws IOException {
        if (!directory.equals(root)) {
            createDirectories(parent(directory));
            disk.createDirectory(directory);
        }
    }

    private void forceUp(Path directory) throws IOException {
        disk.forceDirectory(directory);
        if (!directory.equals(root)) {
            forceUp(parent(directory));
        }
    }

    private void abandon(Path beginning, Optional<Disk.Output> open, IOException reason) {
        try {
            if (open.isPresent()) {
                open.get().close();
            }
            disk.delete(beginning);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no directory around it");
        }
        return parent;
    }
}
