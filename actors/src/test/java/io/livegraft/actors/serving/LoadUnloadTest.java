package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.livegraft.actors.checkpoint.ArtifactStore;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Adapters that come and go leave nothing behind (others leak: vLLM #54839, #42207): each cycle reads one from the store, puts it
 * on the device in place of another one, and makes a token with it. As many cycles as {@code -Dlivegraft.load-cycles} says.
 */
class LoadUnloadTest {
    private static final int CYCLES = Integer.getInteger("livegraft.load-cycles", 600);
    private static final int TENANTS = 3;
    private static final int[] PROMPT = {5, 6, 7};
    /** Less than a tenth of what is loaded, but more than code that is compiled meanwhile and garbage collection's own. */
    private static final long SLACK_BYTES = Math.max(48L << 20, CYCLES * TestingReplica.adapterBytes() / 10);

    /** What a process holds. */
    private record Footprint(long heapBytes, long residentBytes, long files) {
        static Footprint now() {
            System.gc();
            System.gc(); // the first one's reference processing lets go of more
            var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return new Footprint(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    resident(),
                    system.getOpenFileDescriptorCount());
        }

        boolean flatSince(Footprint before) {
            return heapBytes - before.heapBytes < SLACK_BYTES
                    && residentBytes - before.residentBytes < 2 * SLACK_BYTES
                    && files - before.files < 8;
        }

        private static long resident() {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
                return lines.filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @TempDir
    private Path directory;

    @Test
    void adaptersThatComeAndGoLeaveNothingBehind() {
        Map<String, Object> settings = Map.of("staged-bytes", TestingReplica.adapterBytes(), "host-bytes", 0);
        try (TestingReplica replica = new TestingReplica(new ArtifactStore(directory), settings)) {
            IntStream.range(0, TENANTS).forEach(i -> replica.publish("t" + i, replica.adapter(i + 1)));
            cycles(replica, 200); // until the machine code is compiled
            long before = replica.read();
            Footprint warm = Footprint.now();
            cycles(replica, CYCLES);
            Footprint after = Footprint.now();
            System.out.printf("%d cycles: %s, then %s%n", CYCLES, warm, after);
            assertEquals(before + CYCLES, replica.read(), "each cycle reads an adapter from the store");
            assertTrue(after.flatSince(warm), "%s, after %d cycles %s".formatted(warm, CYCLES, after));
        }
    }

    @Test
    void theMutantsThatKeepWhatIsReadOrOpenedAreSeen() throws IOException {
        Footprint before = Footprint.now();
        float[] heap = new float[(int) (SLACK_BYTES / Float.BYTES)];
        assertFalse(Footprint.now().flatSince(before));
        assertTrue(heap.length > 0, "it is still there");
        ByteBuffer memory = ByteBuffer.allocateDirect((int) (3 * SLACK_BYTES));
        IntStream.iterate(0, at -> at < memory.capacity(), at -> at + 1024).forEach(at -> memory.put(at, (byte) 1));
        assertFalse(Footprint.now().flatSince(before));
        assertTrue(memory.capacity() > 0, "it is still there");
        Path file = Files.createFile(directory.resolve("file"));
        List<InputStream> files = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            files.add(Files.newInputStream(file));
        }
        assertFalse(Footprint.now().flatSince(before));
        for (InputStream each : files) {
            each.close();
        }
    }

    private static void cycles(TestingReplica replica, int cycles) {
        for (int i = 0; i < cycles; i++) {
            replica.answer("t" + i % TENANTS, PROMPT, 1);
        }
    }
}
