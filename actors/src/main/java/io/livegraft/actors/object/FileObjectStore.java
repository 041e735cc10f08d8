package io.livegraft.actors.object;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.DurableDirectory;
import io.livegraft.actors.disk.FileDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Objects as files below a directory. The etag is the SHA-256 of the bytes. Conditions hold among the writers of this process;
 * where others write to the directory too, writes are whole, and the last one counts.
 */
public final class FileObjectStore implements ObjectStore {
    private static final int LOCKS = 64;

    private final DurableDirectory directory;
    /** One writer of a key at a time; keys share them. */
    private final List<Object> locks = Stream.generate(Object::new).limit(LOCKS).toList();

    private FileObjectStore(DurableDirectory directory) {
        this.directory = directory;
    }

    /** The directory is made where it is absent, the one around it must be there. */
    public static FileObjectStore open(Disk disk, Path directory) throws IOException {
        return new FileObjectStore(DurableDirectory.open(disk, directory));
    }

    /** As {@link #open(Disk, Path)}, in a directory that other processes use too; {@code writer} names this one. */
    public static FileObjectStore open(Disk disk, Path directory, String writer) throws IOException {
        return new FileObjectStore(DurableDirectory.open(disk, directory, writer));
    }

    /** As {@link #open(Disk, Path)} on the file system of the machine; an {@link UncheckedIOException} where it can't be used. */
    public static FileObjectStore in(Path directory) {
        try {
            return open(new FileDisk(), directory);
        } catch (IOException e) {
            throw new UncheckedIOException("directory %s can't be used: %s".formatted(directory, e.getMessage()), e);
        }
    }

    @Override
    public Written put(String key, byte[] bytes, Condition condition) throws IOException {
        synchronized (lock(key)) {
            if (!holds(key, condition)) {
                return new Written.Refused();
            }
            directory.write(key, bytes);
            return new Written.Stored(etag(bytes));
        }
    }

    private boolean holds(String key, Condition condition) throws IOException {
        return switch (condition) {
            case Condition.Any any -> true;
            case Condition.Absent absent -> get(key).isEmpty();
            case Condition.Matches(String etag) ->
                get(key).filter(found -> found.etag().equals(etag)).isPresent();
        };
    }

    @Override
    public void put(String key, byte[] bytes) throws IOException {
        synchronized (lock(key)) {
            directory.write(key, bytes);
        }
    }

    @Override
    public Optional<StoredObject> get(String key) throws IOException {
        return read(key).map(bytes -> new StoredObject(bytes, etag(bytes)));
    }

    @Override
    public Optional<byte[]> read(String key) throws IOException {
        try {
            return Optional.of(directory.read(key));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public List<Child> list(String folder) throws IOException {
        return directory.list(folder).stream()
                .map(entry -> new Child(entry.name(), entry.directory()))
                .toList();
    }

    @Override
    public void delete(String key) throws IOException {
        synchronized (lock(key)) {
            directory.delete(key);
            int slash = key.lastIndexOf('/');
            if (slash > 0 && directory.list(key.substring(0, slash)).isEmpty()) {
                directory.delete(key.substring(0, slash));
            }
        }
    }

    private Object lock(String key) {
        return locks.get(Math.floorMod(key.hashCode(), LOCKS));
    }

    private static String etag(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
