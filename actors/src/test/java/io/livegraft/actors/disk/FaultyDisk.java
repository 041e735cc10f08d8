package io.livegraft.actors.disk;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A disk in memory that keeps only what was forced: when the power goes, everything else is there, torn, or not, in any order.
 * A chosen operation fails, or is the last one.
 *
 * <p>A failed force of a file loses what it was about; one of a directory does not, because names go through a journal that
 * stops for good where it can't write.
 */
public final class FaultyDisk implements Disk {
    /** What happens to some operations. */
    public enum Fault {
        NONE,
        POWER_CUT,
        IO_ERROR,
        NO_SPACE
    }

    private final CachedDirectory root;
    private Fault fault = Fault.NONE;
    private long first = Long.MAX_VALUE;
    private long count;
    private long operations;

    public FaultyDisk() {
        this(new CachedDirectory());
    }

    private FaultyDisk(CachedDirectory root) {
        this.root = root;
    }

    /** From the {@code first} operation from now on (from 0), {@code count} of them. */
    public FaultyDisk failing(Fault kind, long first, long count) {
        this.fault = kind;
        this.first = operations + first;
        this.count = count;
        return this;
    }

    /** Operations so far. */
    public long operations() {
        return operations;
    }

    /** What the next process finds when the power is back. */
    public FaultyDisk afterPowerLoss(BooleanSupplier keep) {
        return new FaultyDisk(root.afterPowerLoss(keep));
    }

    /** Every file with something in it. */
    public List<Path> files() {
        List<Path> found = new ArrayList<>();
        collect(Path.of("/"), root, found);
        return found;
    }

    /** One bit of a file is another one from now on. */
    public void flip(Path file, int bit) {
        if (find(file).orElseThrow() instanceof CachedFile cached) {
            cached.flip(bit);
        }
    }

    /** In bits. */
    public int size(Path file) {
        return find(file).orElseThrow() instanceof CachedFile cached ? 8 * cached.size() : 0;
    }

    @Override
    public Output create(Path file) throws IOException {
        operation(file, true);
        CachedDirectory parent = around(file);
        if (parent.find(name(file)).isPresent()) {
            throw new FileAlreadyExistsException(file.toString());
        }
        CachedFile created = new CachedFile();
        parent.put(name(file), created);
        return new FaultyOutput(file, created);
    }

    @Override
    public byte[] read(Path file) throws IOException {
        operation(file, false);
        return switch (find(file).orElseThrow(() -> new NoSuchFileException(file.toString()))) {
            case CachedFile found -> found.bytes();
            case CachedDirectory directory -> throw new IOException(file + " is a directory");
        };
    }

    @Override
    public List<Entry> list(Path directory) throws IOException {
        operation(directory, false);
        return find(directory).orElseGet(CachedDirectory::new) instanceof CachedDirectory found
                ? found.names().entrySet().stream()
                        .map(each -> new Entry(each.getKey(), each.getValue() instanceof CachedDirectory))
                        .toList()
                : List.of();
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        operation(from, true);
        CachedDirectory source = around(from);
        CachedNode node = source.find(name(from)).orElseThrow(() -> new NoSuchFileException(from.toString()));
        around(to).put(name(to), node);
        source.remove(name(from));
    }

    @Override
    public void delete(Path path) throws IOException {
        operation(path, false);
        Optional<CachedNode> found = find(path);
        if (found.isPresent()) {
            if (found.get() instanceof CachedDirectory directory
                    && !directory.names().isEmpty()) {
                throw new DirectoryNotEmptyException(path.toString());
            }
            around(path).remove(name(path));
        }
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        operation(directory, true);
        CachedDirectory parent = around(directory);
        if (parent.find(name(directory)).isEmpty()) {
            parent.put(name(directory), new CachedDirectory());
        }
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        operation(directory, true);
        directory(directory).force();
    }

    private void operation(Path path, boolean takesSpace) throws IOException {
        operation(path, takesSpace, kind -> {});
    }

    /** {@code failing} leaves behind what the fault does. */
    private void operation(Path path, boolean takesSpace, Consumer<Fault> failing) throws IOException {
        long number = operations++;
        boolean hit = number >= first && number - first < count;
        switch (hit ? fault : Fault.NONE) {
            case NONE -> {}
            case POWER_CUT -> {
                failing.accept(fault);
                throw new PowerCut();
            }
            case IO_ERROR -> {
                failing.accept(fault);
                throw new IOException(path + ": Input/output error");
            }
            case NO_SPACE -> {
                if (takesSpace) {
                    failing.accept(fault);
                    throw new IOException(path + ": No space left on device");
                }
            }
        }
    }

    private CachedDirectory around(Path path) throws NoSuchFileException {
        return directory(Optional.ofNullable(path.getParent()).orElseThrow());
    }

    private CachedDirectory directory(Path path) throws NoSuchFileException {
        if (find(path).orElseThrow(() -> new NoSuchFileException(path.toString())) instanceof CachedDirectory found) {
            return found;
        }
        throw new NoSuchFileException(path.toString());
    }

    private Optional<CachedNode> find(Path path) {
        Optional<CachedNode> node = Optional.of(root);
        for (Path name : path) {
            node = node.flatMap(found -> switch (found) {
                case CachedDirectory directory -> directory.find(name.toString());
                case CachedFile file -> Optional.empty();
            });
        }
        return node;
    }

    private static void collect(Path path, CachedDirectory directory, List<Path> into) {
        directory.names().forEach((name, node) -> {
            switch (node) {
                case CachedDirectory inner -> collect(path.resolve(name), inner, into);
                case CachedFile file -> {
                    if (file.size() > 0) {
                        into.add(path.resolve(name));
                    }
                }
            }
        });
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    private final class FaultyOutput implements Output {
        private final Path path;
        private final CachedFile file;

        FaultyOutput(Path path, CachedFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            operation(path, true, kind -> file.append(bytes, bytes.length / 2));
            file.append(bytes, bytes.length);
        }

        @Override
        public void force() throws IOException {
            operation(path, true, kind -> file.forceFails());
            file.force();
        }

        @Override
        public void close() throws IOException {
            operation(path, false);
        }
    }
}
