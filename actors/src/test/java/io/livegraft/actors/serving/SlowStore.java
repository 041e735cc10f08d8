package io.livegraft.actors.serving;

import io.livegraft.actors.object.ForwardingObjectStore;
import io.livegraft.actors.object.ObjectStore;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/** A store in which some keys are read only once that is allowed. */
record SlowStore(ObjectStore store, Predicate<String> slow, CountDownLatch reading, CountDownLatch released)
        implements ForwardingObjectStore {
    @Override
    public Optional<StoredObject> get(String key) throws IOException {
        if (slow.test(key)) {
            reading.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        return store.get(key);
    }
}
