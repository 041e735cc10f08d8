package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.actors.object.ForwardingObjectStore;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that is far away, with copies of adapters' weights in front of it. */
class AdapterCopiesTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 1, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
    private static final LoraAdapter ADAPTER =
            LoraAdapter.initial(new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR), MODEL, 1);
    private static final int BYTES = 100;

    /** Remembers what was read of it. */
    private record FarStore(ObjectStore store, List<String> reads) implements ForwardingObjectStore {
        @Override
        public Optional<StoredObject> get(String key) throws IOException {
            reads.add(key);
            return store.get(key);
        }

        /** Reads of the adapter's weights since the last call. */
        int weightsRead() {
            int count = (int) reads.stream()
                    .filter(key -> key.endsWith(PeftDirectory.WEIGHTS))
                    .count();
            reads.clear();
            return count;
        }
    }

    @TempDir
    private Path directory;

    private Path nearby;
    private FarStore far;
    private long adapters;
    private long bytes;

    @BeforeEach
    void begin() throws IOException {
        nearby = directory.resolve("nearby");
        far = new FarStore(FileObjectStore.in(Files.createDirectory(directory.resolve("far"))), new ArrayList<>());
    }

    @Test
    void weightsComeFromTheStoreOnceAndFromTheDiskAfterThat() throws IOException {
        String digest = new ArtifactStore(far).write(ADAPTER, "base");
        ArtifactStore artifacts = artifacts();
        assertFalse(artifacts.isCopied(digest));
        far.weightsRead();
        assertArrayEquals(ADAPTER.values(), artifacts.read(digest, MODEL).values());
        assertEquals(1, far.weightsRead());
        assertTrue(artifacts.isCopied(digest));
        assertArrayEquals(ADAPTER.values(), artifacts.read(digest, MODEL).values());
        assertEquals(0, far.weightsRead());
        assertArrayEquals(ADAPTER.values(), artifacts().read(digest, MODEL).values());
        assertEquals(0, far.weightsRead(), "another run finds what this one left");
    }

    @Test
    void whatIsWrittenHereIsNearbyAtOnce() throws IOException {
        ArtifactStore artifacts = artifacts();
        String digest = artifacts.write(ADAPTER, "base");
        far.weightsRead();
        artifacts.read(digest, MODEL);
        assertEquals(0, far.weightsRead());
    }

    @Test
    void aDamagedCopyIsReplaced() throws IOException {
        ArtifactStore artifacts = artifacts();
        String digest = artifacts.write(ADAPTER, "base");
        Path copy = nearby.resolve(digest);
        byte[] damaged = Files.readAllBytes(copy);
        damaged[damaged.length - 1] ^= 1;
        Files.write(copy, damaged);
        far.weightsRead();
        assertArrayEquals(ADAPTER.values(), artifacts.read(digest, MODEL).values());
        assertEquals(1, far.weightsRead());
        artifacts.read(digest, MODEL);
        assertEquals(0, far.weightsRead());
        assertEquals(damaged.length, bytes);
    }

    @Test
    void aDeletedAdapterIsNotReadFromItsCopyAndTheCopyGoes() throws IOException {
        ArtifactStore artifacts = artifacts();
        String digest = artifacts.write(ADAPTER, "base");
        new ArtifactStore(far).delete(digest); // by another node
        assertThrows(IOException.class, () -> artifacts.read(digest, MODEL));
        assertTrue(Files.exists(nearby.resolve(digest)));
        artifacts.dropStaleCopies();
        assertFalse(Files.exists(nearby.resolve(digest)));
        assertEquals(0, bytes);
        artifacts.write(ADAPTER, "base");
        artifacts.delete(digest);
        assertFalse(Files.exists(nearby.resolve(digest)));
    }

    @Test
    void aScrubReadsTheStoreItself() throws IOException {
        ArtifactStore artifacts = artifacts();
        String digest = artifacts.write(ADAPTER, "base");
        far.put(digest + "/" + PeftDirectory.WEIGHTS, new byte[] {1}, new ObjectStore.Condition.Any());
        assertTrue(artifacts.scrub().getFirst() instanceof Finding.Damaged);
        artifacts.write(ADAPTER, "base");
        assertTrue(artifacts.scrub().getFirst() instanceof Finding.Whole, "and writing mends it");
    }

    @Test
    void theLeastRecentlyUsedGoesWhenTheBytesAreUsedUp() throws IOException {
        AdapterCopies copies = copies(2 * BYTES);
        copies.keep("a", new byte[BYTES]);
        copies.keep("b", new byte[BYTES]);
        assertTrue(copies.read("a").isPresent());
        copies.keep("c", new byte[BYTES]);
        assertEquals(Set.of("a", "c"), files());
        assertFalse(copies.has("b"));
        copies.keep("d", new byte[2 * BYTES + 1]);
        assertEquals(Set.of("a", "c"), files(), "what never fits costs nobody's place");
        assertEquals(2, adapters);
        assertEquals(2 * BYTES, bytes);
    }

    @Test
    void ofAnEarlierRunTheNewestStayAndNothingUnfinished() throws IOException {
        AdapterCopies before = copies(3 * BYTES);
        for (String digest : List.of("c", "b", "a")) {
            before.keep(digest, new byte[BYTES]);
        }
        Files.setLastModifiedTime(nearby.resolve("b"), FileTime.fromMillis(0));
        Files.write(nearby.resolve(".unfinished-7"), new byte[BYTES]);
        AdapterCopies after = copies(2 * BYTES);
        assertEquals(Set.of("a", "c"), files());
        assertTrue(after.has("a") && after.has("c"));
        assertEquals(2 * BYTES, bytes);
    }

    @Test
    void aDiskThatFailsCostsACopyAndNothingElse() throws IOException {
        ArtifactStore artifacts = artifacts();
        Files.delete(nearby);
        String digest = artifacts.write(ADAPTER, "base");
        assertArrayEquals(ADAPTER.values(), artifacts.read(digest, MODEL).values());
        assertFalse(artifacts.isCopied(digest));
        assertEquals(0, bytes);
    }

    private ArtifactStore artifacts() throws IOException {
        return new ArtifactStore(far, Optional.of(copies(1 << 20)));
    }

    private AdapterCopies copies(long mostBytes) throws IOException {
        return AdapterCopies.open(nearby, mostBytes, (count, size) -> {
            adapters = count;
            bytes = size;
        });
    }

    private Set<String> files() throws IOException {
        try (var files = Files.list(nearby)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }
}
