package io.livegraft.actors.object;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Does as the store behind it; whoever stands in front of one says only what differs. */
public interface ForwardingObjectStore extends ObjectStore {
    ObjectStore store();

    @Override
    default Written put(String key, byte[] bytes, Condition condition) throws IOException {
        return store().put(key, bytes, condition);
    }

    @Override
    default Optional<StoredObject> get(String key) throws IOException {
        return store().get(key);
    }

    @Override
    default List<Child> list(String folder) throws IOException {
        return store().list(folder);
    }

    @Override
    default void delete(String key) throws IOException {
        store().delete(key);
    }
}
