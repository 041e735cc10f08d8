package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.proto.feedback.FeedbackRecord;
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

/** Law 1 for a forget: kill -9 while the log is read again, and it is done again to the same bits. */
class ForgetKillLawTest {
    private static final int EVENTS = 90;
    private static final int KILLS = 3;

    @TempDir
    private Path state;

    @Test
    void aForgetThatIsKilledInTheMiddleIsDoneAgain() throws Exception {
        long seed = System.nanoTime();
        System.out.println("ForgetKillLawTest seed " + seed);
        Random random = new Random(seed);
        try (TestingNode testing = new TestingNode(state)) {
            for (int i = 0; i < EVENTS; i++) {
                FeedbackRecord event =
                        TestingNode.event("event-" + i, "Tell me of day " + i, " It was a red day.").toBuilder()
                                .setSubject("subject-" + i % 7)
                                .build();
                TestingNode.get(testing.node().feedback().append("boats", event));
            }
            testing.trainer("boats", status -> status.trained() + status.heldOut() + status.capped() == EVENTS);
            testing.settled("boats");
        }
        long forgotten = killed(random.nextInt(600), "subject-3");
        for (int kill = 1; kill < KILLS; kill++) {
            killed(random.nextInt(600));
        }

        TrainerStatus survived;
        AdapterImage image;
        try (TestingNode testing = new TestingNode(state)) {
            testing.trainer("boats", status -> status.lineOffset() == forgotten);
            image = testing.settled("boats");
            survived = testing.trainer("boats", status -> true);
            testing.serves("boats", image.serving());
        }
        assertEquals(forgotten, image.versions().getLast().offset());

        // The same log read by a node that was never killed.
        delete(state.resolve("checkpoints"));
        delete(state.resolve("adapters"));
        delete(state.resolve("registry"));
        try (TestingNode testing = new TestingNode(state, Map.of("livegraft.ingest.consumer-group", "untouched"))) {
            testing.trainer("boats", status -> status.lineOffset() == forgotten);
            AdapterImage untouched = testing.settled("boats");
            assertEquals(survived, testing.trainer("boats", status -> true));
            assertEquals(
                    image.versions().getLast().digest(),
                    untouched.versions().getLast().digest());
        }
    }

    /** Returns the offset of the forget, if it was to write one. */
    private long killed(int afterMillis, String... subject) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ForgettingNode.class.getName(),
                state.toString(),
                TestingNode.BASE.toString()));
        command.addAll(List.of(subject));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            while (true) {
                String line = output.readLine();
                if (line == null) {
                    throw new AssertionError("the process ended with " + process.waitFor());
                }
                if (line.startsWith(ForgettingNode.READY)) {
                    Thread.sleep(afterMillis);
                    return Long.parseLong(line.substring(ForgettingNode.READY.length()));
                }
            }
        } finally {
            process.destroyForcibly();
            process.waitFor(30, TimeUnit.SECONDS);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
