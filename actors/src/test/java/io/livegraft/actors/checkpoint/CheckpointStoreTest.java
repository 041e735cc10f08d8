package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
    @TempDir
    private Path directory;

    private CheckpointStore store;

    @BeforeEach
    void open() {
        store = new CheckpointStore(directory, 3);
    }

    @Test
    void theNewestCheckpointComesBackWithItsDigest() throws IOException {
        store.store(checkpoint(10));
        String digest = store.store(checkpoint(9 + 100));
        CheckpointStore.Loaded loaded = store.latest("support").orElseThrow();
        assertEquals(checkpoint(109), loaded.checkpoint());
        assertEquals(digest, loaded.digest());
        assertTrue(loaded.newest());
        assertEquals(List.of("support"), store.tenants());
    }

    @Test
    void aFlippedBitMakesTheOneBeforeItCount() throws IOException {
        store.store(checkpoint(10));
        store.store(checkpoint(20));
        Path newest = files().getLast();
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length / 2] ^= 1;
        Files.write(newest, bytes);
        CheckpointStore.Loaded loaded = store.latest("support").orElseThrow();
        assertEquals(10, loaded.checkpoint().getOffset());
        assertFalse(loaded.newest());
    }

    @Test
    void aTornFileMakesTheOneBeforeItCount() throws IOException {
        store.store(checkpoint(10));
        store.store(checkpoint(20));
        Path newest = files().getLast();
        byte[] bytes = Files.readAllBytes(newest);
        Files.write(newest, Arrays.copyOf(bytes, bytes.length / 2));
        assertEquals(10, store.latest("support").orElseThrow().checkpoint().getOffset());
    }

    @Test
    void anUnfinishedWriteIsNoCheckpoint() throws IOException {
        store.store(checkpoint(10));
        Files.write(files().getFirst().resolveSibling(AtomicFiles.UNFINISHED + "x.ckpt"), new byte[3]);
        assertEquals(10, store.latest("support").orElseThrow().checkpoint().getOffset());
    }

    @Test
    void onlyTheNewestOnesAreKept() throws IOException {
        for (long offset = 1; offset <= 10; offset++) {
            store.store(checkpoint(offset));
        }
        assertEquals(3, files().size());
        assertEquals(10, store.latest("support").orElseThrow().checkpoint().getOffset());
    }

    @Test
    void theSameStateIsTheSameFile() throws IOException {
        assertEquals(store.store(checkpoint(5)), store.store(checkpoint(5)));
        assertEquals(1, files().size());
    }

    @Test
    void aTenantWithoutCheckpointsHasNone() {
        assertTrue(store.latest("nobody").isEmpty());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("support"))) {
            return files.sorted().toList();
        }
    }

    private static Checkpoint checkpoint(long offset) {
        return Checkpoint.newBuilder()
                .setTenant("support")
                .setOffset(offset)
                .addEventIdWindow("some-event")
                .build();
    }
}
