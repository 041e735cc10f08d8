package io.livegraft.actors.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A disk without space for as long as it is told to be full. */
public final class FullDisk implements Disk {
    private final Disk disk;
    private final AtomicLong refused = new AtomicLong();
    private volatile boolean full;

    public FullDisk(Disk disk) {
        this.disk = disk;
    }

    public void full(boolean now) {
        full = now;
    }

    /** Writes so far that found no space. */
    public long refused() {
        return refused.get();
    }

    @Override
    public Output create(Path file) throws IOException {
        takeSpace(file);
        Output output = disk.create(file);
        return new Output() {
            @Override
            public void write(byte[] bytes) throws IOException {
                takeSpace(file);
                output.write(bytes);
            }

            @Override
            public void force() throws IOException {
                takeSpace(file);
                output.force();
            }

            @Override
            public void close() throws IOException {
                output.close();
            }
        };
    }

    private void takeSpace(Path file) throws IOException {
        if (full) {
            refused.incrementAndGet();
            throw new IOException(file + ": No space left on device");
        }
    }

    @Override
    public byte[] read(Path file) throws IOException {
        return disk.read(file);
    }

    @Override
    public List<Entry> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(path);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        disk.createDirectory(directory);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        disk.forceDirectory(directory);
    }
}
