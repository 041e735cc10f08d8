package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.checkpoint.AdapterCopies;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.actors.object.FileObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two adapters in turn where the device has room for one: each comes from the nearest tier that has it. */
class AdapterTierTest {
    private static final int[] PROMPT = {5, 6, 7};

    @TempDir
    private Path directory;

    @Test
    void whatHostMemoryHasNoRoomForComesFromItsCopyOnDisk() throws IOException {
        assertEquals(List.of(0L, 4L, 0L), wanted(copies(1 << 20), 0));
    }

    @Test
    void whatIsInHostMemoryIsNotReadFromDisk() throws IOException {
        assertEquals(List.of(4L, 0L, 0L), wanted(copies(1 << 20), 1 << 20));
    }

    @Test
    void withoutRoomOnDiskAdaptersComeFromTheStore() throws IOException {
        assertEquals(List.of(0L, 0L, 4L), wanted(copies(1), 0));
    }

    /** From host memory, disk and store, of four that were on the device before. */
    private List<Long> wanted(AdapterCopies copies, long hostBytes) throws IOException {
        Path store = Files.createDirectory(directory.resolve("store"));
        ArtifactStore artifacts = new ArtifactStore(FileObjectStore.in(store), Optional.of(copies));
        Map<String, Object> settings = Map.of("staged-bytes", TestingReplica.adapterBytes(), "host-bytes", hostBytes);
        try (TestingReplica replica = new TestingReplica(artifacts, settings)) {
            replica.publish("a", replica.adapter(1));
            replica.serves("a", 1);
            List<Integer> first = replica.answer("a", PROMPT, 3);
            replica.publish("b", replica.adapter(2));
            replica.serves("b", 1);
            List<Long> before = wanted(replica);
            for (int i = 0; i < 2; i++) {
                assertEquals(first, replica.answer("a", PROMPT, 3));
                replica.answer("b", PROMPT, 3);
            }
            List<Long> after = wanted(replica);
            return IntStream.range(0, 3)
                    .mapToObj(i -> after.get(i) - before.get(i))
                    .toList();
        }
    }

    private static List<Long> wanted(TestingReplica replica) {
        return Stream.of(AdapterTier.HOST, AdapterTier.DISK, AdapterTier.STORE)
                .map(replica::wanted)
                .toList();
    }

    private AdapterCopies copies(long mostBytes) throws IOException {
        return AdapterCopies.open(directory.resolve("copies"), mostBytes, (adapters, bytes) -> {});
    }
}
