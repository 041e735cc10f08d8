package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
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
        Path left = directory.resolve(".unfinished").resolve("0-x.ckpt");
        Files.write(left, new byte[3]);
        assertEquals(List.of("support"), new CheckpointStore(directory, 3).tenants());
        assertFalse(Files.exists(left));
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
    void aPinnedOneStaysUntilItIsUnpinned() throws IOException {
        String version = Digests.sha256("version");
        String digest = store.store(checkpoint(1), version);
        for (long offset = 2; offset <= 10; offset++) {
            store.store(checkpoint(offset));
        }
        CheckpointStore.Loaded pinned = store.pinned("support", version).orElseThrow();
        assertEquals(digest, pinned.digest());
        assertEquals(checkpoint(1), pinned.checkpoint());
        store.unpin("support", version);
        assertEquals(3, files().size());
        assertTrue(store.pinned("support", version).isEmpty());
    }

    @Test
    void withoutAnyUsableOneNothingBeginsAnew() throws IOException {
        store.store(checkpoint(10));
        Files.write(files().getFirst(), new byte[3]);
        assertThrows(UncheckedIOException.class, () -> store.latest("support"));
    }

    @Test
    void scrubbingReportsEveryFile() throws IOException {
        String first = store.store(checkpoint(1));
        String second = store.store(grownFrom(first, 2));
        store.store(grownFrom(second, 3));
        assertEquals(3, count(store.scrub("support"), Finding.Whole.class));
        Files.write(files().get(0), new byte[3]);
        Files.delete(files().get(1));
        List<Finding> findings = store.scrub("support");
        assertEquals(2, findings.size());
        assertEquals(1, count(findings, Finding.Damaged.class));
        assertEquals(1, count(findings, Finding.Unlinked.class));
    }

    @Test
    void aStateThatGrewFromALaterOneIsDamaged() throws IOException {
        String later = store.store(checkpoint(5));
        store.store(grownFrom(later, 4));
        assertEquals(1, count(store.scrub("support"), Finding.Damaged.class));
    }

    @Test
    void aTenantWithoutCheckpointsHasNone() {
        assertTrue(store.latest("nobody").isEmpty());
    }

    private static long count(List<Finding> findings, Class<? extends Finding> kind) {
        return findings.stream().filter(kind::isInstance).count();
    }

    private static Checkpoint grownFrom(String parent, long offset) {
        return checkpoint(offset).toBuilder().setParentDigest(parent).build();
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
