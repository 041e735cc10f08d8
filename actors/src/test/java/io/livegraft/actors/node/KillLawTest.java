package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.registry.AdapterImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 end to end: kill -9 of the whole process again and again, and the state is as if nothing had happened. */
class KillLawTest {
    private static final int EVENTS = 150;
    private static final int KILLS = 3;

    @TempDir
    private Path state;

    @Test
    void aKilledProcessLosesNothingAppliesNothingTwiceAndEndsWithTheSameBits() throws Exception {
        long seed = System.nanoTime();
        System.out.println("KillLawTest seed " + seed);
        Random random = new Random(seed);
        int sent = -1;
        for (int kill = 0; kill < KILLS; kill++) {
            sent = sendUntilKilled(sent + 1, 20 + random.nextInt(30), random.nextInt(800));
        }

        TrainerStatus survived;
        AdapterImage image;
        try (TestingNode testing = new TestingNode(state)) {
            for (int i = sent + 1; i < EVENTS; i++) {
                testing.send("boats", "event-" + i, "Tell me of day " + i, " It was a red day.");
            }
            testing.trainer("boats", status -> status.trained() + status.heldOut() == EVENTS);
            image = testing.settled("boats");
            survived = testing.trainer("boats", status -> true);
            testing.serves("boats", image.serving());
        }

        // The same log read by a node that was never killed.
        delete(state.resolve("checkpoints"));
        delete(state.resolve("adapters"));
        delete(state.resolve("registry"));
        try (TestingNode testing = new TestingNode(state, Map.of("livegraft.ingest.consumer-group", "untouched"))) {
            testing.trainer("boats", status -> status.trained() + status.heldOut() == EVENTS);
            testing.settled("boats");
            TrainerStatus untouched = testing.trainer("boats", status -> true);
            assertEquals(survived.checkpointDigest(), untouched.checkpointDigest());
            assertEquals(survived, untouched);
        }
    }

    /** Returns the last event that the broker is known to have. */
    private int sendUntilKilled(int first, int events, int furtherMillis) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                KilledNode.class.getName(),
                state.toString(),
                TestingNode.BASE.toString(),
                Integer.toString(first),
                Integer.toString(first + events - 1)));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int sent = first - 1;
        try (BufferedReader output = process.inputReader()) {
            while (sent < first + events - 1) {
                String line = output.readLine();
                if (line == null) {
                    throw new AssertionError("the process ended with " + process.waitFor());
                }
                if (line.startsWith(TestingNode.SENT)) {
                    sent = Integer.parseInt(line.substring(TestingNode.SENT.length()));
                }
            }
            Thread.sleep(furtherMillis);
        } finally {
            process.destroyForcibly();
            process.waitFor(30, TimeUnit.SECONDS);
        }
        return sent;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
