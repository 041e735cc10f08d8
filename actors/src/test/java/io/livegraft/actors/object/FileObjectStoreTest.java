package io.livegraft.actors.object;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest extends ObjectStoreContract {
    @TempDir
    private Path directory;

    @Override
    ObjectStore store() {
        return FileObjectStore.in(directory.resolve("objects"));
    }

    @Test
    void ofManyWritersAtOnceOneWins() throws Exception {
        ObjectStore store = store();
        AtomicInteger stored = new AtomicInteger();
        Thread[] writers = IntStream.range(0, 8)
                .mapToObj(number -> Thread.ofPlatform().start(() -> put(store, number, stored)))
                .toArray(Thread[]::new);
        for (Thread writer : writers) {
            writer.join();
        }
        assertEquals(1, stored.get());
    }

    private static void put(ObjectStore store, int number, AtomicInteger stored) {
        try {
            if (store.put("key", new byte[] {(byte) number}, new ObjectStore.Condition.Absent())
                    instanceof ObjectStore.Written.Stored) {
                stored.incrementAndGet();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
