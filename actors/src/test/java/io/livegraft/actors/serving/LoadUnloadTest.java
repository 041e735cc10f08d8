package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.metrics.AdapterTier;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Adapters that come and go leave nothing behind (others leak: vLLM #54839, #42207): each cycle reads one from the store, puts it
 * on the device in place of another one, and makes a token with it. As many cycles as {@code -Dlivegraft.load-cycles} says.
 */
class LoadUnloadTest {
    private static final int CYCLES = Integer.getInteger("livegraft.load-cycles", 600);
    private static final int QUARTER = CYCLES / 4;
    private static final int TENANTS = 3;
    private static final int[] PROMPT = {5, 6, 7};
    private static final long HEAP_SLACK_BYTES = 8L << 20;
    /** Compilers go on after that. */
    private static final long NATIVE_SLACK_BYTES = 32L << 20;

    private static boolean isFlat(Footprint before, Footprint after) {
        return after.heapBytes() - before.heapBytes() < HEAP_SLACK_BYTES
                && after.nativeBytes() - before.nativeBytes() < NATIVE_SLACK_BYTES
                && after.files() - before.files() < 8;
    }

    @TempDir
    private Path directory;

    private int asked;

    @Test
    void adaptersThatComeAndGoLeaveNothingBehind() {
        Map<String, Object> settings = Map.of("staged-bytes", TestingReplica.adapterBytes(), "host-bytes", 0);
        try (TestingReplica replica = new TestingReplica(new ArtifactStore(directory), settings)) {
            IntStream.range(0, TENANTS).forEach(i -> replica.publish("t" + i, replica.adapter(i + 1)));
            cycles(replica, CYCLES); // compilers take memory for some thousand cycles, and keep it
            long before = replica.wanted(AdapterTier.STORE);
            List<Footprint> quarters = new ArrayList<>(List.of(Footprint.now()));
            for (int quarter = 1; quarter <= 4; quarter++) {
                cycles(replica, QUARTER);
                quarters.add(Footprint.now());
            }
            System.out.printf("four times %d cycles: %s%n", QUARTER, quarters);
            assertEquals(
                    before + 4L * QUARTER,
                    replica.wanted(AdapterTier.STORE),
                    "each cycle reads an adapter from the store");
            assertTrue(
                    isFlat(quarters.get(2), quarters.get(4)), "four times %d cycles: %s".formatted(QUARTER, quarters));
        }
    }

    @Test
    void theMutantsThatKeepWhatIsReadOrOpenedAreSeen() throws IOException {
        Footprint before = Footprint.now();
        float[] heap = new float[(int) (HEAP_SLACK_BYTES / Float.BYTES)];
        assertFalse(isFlat(before, Footprint.now()));
        assertTrue(heap.length > 0, "it is still there");
        ByteBuffer memory = ByteBuffer.allocateDirect((int) (2 * NATIVE_SLACK_BYTES));
        IntStream.iterate(0, at -> at < memory.capacity(), at -> at + 1024).forEach(at -> memory.put(at, (byte) 1));
        assertFalse(isFlat(before, Footprint.now()));
        assertTrue(memory.capacity() > 0, "it is still there");
        Path file = Files.createFile(directory.resolve("file"));
        List<InputStream> files = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            files.add(Files.newInputStream(file));
        }
        assertFalse(isFlat(before, Footprint.now()));
        for (InputStream each : files) {
            each.close();
        }
    }

    /** Never the same tenant twice in a row. */
    private void cycles(TestingReplica replica, int cycles) {
        for (int i = 0; i < cycles; i++) {
            replica.answer("t" + asked++ % TENANTS, PROMPT, 1);
        }
    }
}
