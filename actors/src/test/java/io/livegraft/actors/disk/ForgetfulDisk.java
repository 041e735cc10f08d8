package io.livegraft.actors.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/**
 * A mutant: says that it forced, and did not.
 *
 * @param file whose bytes are not forced
 * @param directory whose names are not forced
 */
public record ForgetfulDisk(Disk disk, Predicate<Path> file, Predicate<Path> directory) implements Disk {
    private record ForgetfulOutput(Output output) implements Output {
        @Override
        public void write(byte[] bytes) throws IOException {
            output.write(bytes);
        }

        @Override
        public void force() {}

        @Override
        public void close() throws IOException {
            output.close();
        }
    }

    @Override
    public Output create(Path path) throws IOException {
        Output output = disk.create(path);
        return file.test(path) ? new ForgetfulOutput(output) : output;
    }

    @Override
    public byte[] read(Path path) throws IOException {
        return disk.read(path);
    }

    @Override
    public List<Entry> list(Path path) throws IOException {
        return disk.list(path);
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
    public void createDirectory(Path path) throws IOException {
        disk.createDirectory(path);
    }

    @Override
    public void forceDirectory(Path path) throws IOException {
        if (!directory.test(path)) {
            disk.forceDirectory(path);
        }
    }
}
