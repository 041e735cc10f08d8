package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 end to end: stopping trainers whenever they are at rest, and having room for one only, never shows in any state. */
class PassivationLawTest {
    private static final List<String> TENANTS = List.of("boats", "cars", "planes");
    private static final int EVENTS = 22;

    @TempDir
    private Path state;

    @Test
    void oneTrainerAtATimeThatNeverRestsAwakeEndsWithTheSameBits() throws IOException {
        List<TrainerStatus> together;
        try (TestingNode testing = new TestingNode(state, settings("together", Map.of()))) {
            for (int i = 0; i < EVENTS; i++) {
                for (String tenant : TENANTS) {
                    testing.send(tenant, tenant + i, "Tell me of day " + i, " It was a day of " + tenant + ".");
                }
            }
            together = settled(testing, TENANTS.size(), EVENTS);
        }
        for (String made : List.of("checkpoints", "adapters", "registry")) {
            delete(state.resolve(made));
        }
        Map<String, Object> alone = Map.of(
                "livegraft.trainer.idle", "0 s",
                "livegraft.trainer.active", 1,
                "livegraft.ingest.tick-interval", "20 ms",
                "livegraft.ingest.restart", "100 ms");
        try (TestingNode testing = new TestingNode(state, settings("alone", alone))) {
            assertEquals(together, settled(testing, TENANTS.size(), EVENTS));
            TestingNode.until(
                    "every trainer has rested", () -> passivations(testing), count -> count >= TENANTS.size());
            testing.serves("cars", testing.settled("cars").serving());
        }
    }

    @Test
    void aTenantWhoseNewestCheckpointBreaksWhileItRestsGoesOnFromTheOneBefore() throws IOException {
        Map<String, Object> resting =
                Map.of("livegraft.trainer.idle", "0 s", "livegraft.ingest.tick-interval", "20 ms");
        List<TrainerStatus> whole;
        try (TestingNode testing = new TestingNode(state, settings("whole", resting))) {
            send(testing, 0, EVENTS);
            List<TrainerStatus> before = settled(testing, 1, EVENTS);
            breakNewest("boats");
            send(testing, EVENTS, EVENTS + 8);
            whole = settled(testing, 1, EVENTS + 8);
            assertTrue(whole.getFirst().step() > before.getFirst().step());
        }
        for (String made : List.of("checkpoints", "adapters", "registry")) {
            delete(state.resolve(made));
        }
        try (TestingNode testing = new TestingNode(state, settings("again", Map.of()))) {
            assertEquals(whole, settled(testing, 1, EVENTS + 8));
        }
    }

    private static void send(TestingNode testing, int from, int to) {
        for (int i = from; i < to; i++) {
            testing.send("boats", "event-" + i, "Tell me of day " + i, " It was a red day.");
        }
    }

    /** What the trainers have once all events are in and offered. */
    private static List<TrainerStatus> settled(TestingNode testing, int tenants, int events) {
        List<TrainerStatus> trained = TestingNode.until(
                "all events are in",
                () -> trainers(testing),
                trainers -> trainers.size() == tenants
                        && trainers.stream().allMatch(each -> each.trained() + each.heldOut() == events));
        trained.forEach(each -> testing.settled(each.tenant()));
        return trainers(testing);
    }

    private static List<TrainerStatus> trainers(TestingNode testing) {
        return TestingNode.get(testing.node().administration().trainers()).stream()
                .sorted(Comparator.comparing(TrainerStatus::tenant))
                .toList();
    }

    private static double passivations(TestingNode testing) {
        return testing.node().metrics().scrape("livegraft_passivations"::equals).stream()
                .flatMap(snapshot -> ((CounterSnapshot) snapshot).getDataPoints().stream())
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                .sum();
    }

    private void breakNewest(String tenant) throws IOException {
        try (Stream<Path> files = Files.list(state.resolve("checkpoints").resolve(tenant))) {
            Path newest = files.filter(file -> file.toString().endsWith(".ckpt"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
            Files.writeString(newest, "broken");
        }
    }

    private static Map<String, Object> settings(String group, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("livegraft.kafka.partitions", 1);
        settings.put("livegraft.ingest.consumer-group", group);
        return settings;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
