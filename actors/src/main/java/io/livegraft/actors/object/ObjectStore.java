package io.livegraft.actors.object;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Whole objects by key. A key is names joined by {@code /}; what stands before the last one is its folder, and folders come and
 * go with their objects. An {@link IOException} says that nothing is known about what was asked: it can be asked again.
 */
public interface ObjectStore {
    /** Under which an object is written. */
    sealed interface Condition {
        /** Whatever is there. */
        record Any() implements Condition {}

        /** Nothing is there. */
        record Absent() implements Condition {}

        /** What is there has this etag. */
        record Matches(String etag) implements Condition {}
    }

    /** What became of a write. */
    sealed interface Written {
        /** Durable. */
        record Stored(String etag) implements Written {}

        /** The condition does not hold; nothing changed. */
        record Refused() implements Written {}
    }

    /**
     * One object.
     *
     * @param etag changes with the bytes; what else it says is the store's own
     */
    record StoredObject(byte[] bytes, String etag) {}

    /** A name in a folder. */
    record Child(String name, boolean folder) {}

    Written put(String key, byte[] bytes, Condition condition) throws IOException;

    Optional<StoredObject> get(String key) throws IOException;

    /** Sorted by name; the empty folder holds all others. */
    List<Child> list(String folder) throws IOException;

    /** For good; nothing there is fine. */
    void delete(String key) throws IOException;

    /** Only the bytes; where a store's etags cost something, this doesn't. */
    default Optional<byte[]> read(String key) throws IOException {
        return get(key).map(StoredObject::bytes);
    }

    /** Whatever is there. */
    default void put(String key, byte[] bytes) throws IOException {
        put(key, bytes, new Condition.Any());
    }
}
