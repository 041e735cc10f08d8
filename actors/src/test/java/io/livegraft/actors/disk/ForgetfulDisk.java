package io.livegraft.actors.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * A mutant: says that it forced, and did not.
 *
 * @param forces which forces of a file's bytes are left out, counted from 1 for each file
 * @param directory whose names are not forced
 */
public record ForgetfulDisk(Disk disk, IntPredicate forces, Predicate<Path> directory) implements Disk {
    private static final class ForgetfulOutput implements Output {
        private final Output output;
        private final IntPredicate forgotten;
        private int number;

        ForgetfulOutput(Output output, IntPredicate forgotten) {
            this.output = output;
            this.forgotten = forgotten;
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            output.write(bytes);
        }

        @Override
        public void force() throws IOException {
            if (!forgotten.test(++number)) {
                output.force();
            }
        }

        @Override
        public void close() throws IOException {
            output.close();
        }
    }

    @Override
    public Output create(Path path) throws IOException {
        return new ForgetfulOutput(disk.create(path), forces);
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
