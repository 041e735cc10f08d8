package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 over nodes: partitions that move between two nodes while their tenants train lose nothing and double nothing. */
class RebalanceLawTest {
    private static final List<String> TENANTS = List.of("boats", "cars", "planes", "trains", "bikes", "ships");
    private static final int PARTITIONS = 4;
    private static final int PART = 10;
    private static final int EVENTS = 4 * PART;

    @TempDir
    private Path directory;

    private int sent;

    @Test
    void aNodeThatComesAndGoesTakesPartitionsAndGivesThemBackWithTheSameBits() throws IOException {
        Map<String, String> shared;
        try (TestingNode first = new TestingNode(state("first", "shared"), settings("both"))) {
            send(first);
            try (TestingNode second = new TestingNode(state("second", "shared"), joining(first))) {
                send(first);
                TestingNode.until("the second reads", () -> partitions(second), read -> read > 0);
                send(first);
            }
            send(first);
            TestingNode.until("the first reads all again", () -> partitions(first), read -> read == PARTITIONS);
            shared = settled("shared");
        }
        Path log = directory.resolve("first").resolve("kafka");
        Files.move(log, state("alone", "own").resolve("kafka"));
        try (TestingNode alone = new TestingNode(directory.resolve("alone"), settings("alone"))) {
            assertEquals(shared, settled("own"));
            assertEquals(PARTITIONS, partitions(alone));
        }
    }

    private void send(TestingNode node) {
        for (int i = 0; i < PART; i++, sent++) {
            for (String tenant : TENANTS) {
                node.send(tenant, tenant + sent, "Tell me of day " + sent, " It was a day of " + tenant + ".");
            }
        }
    }

    private static int partitions(TestingNode node) {
        return node.node().metrics().scrape("livegraft_trainers_awake"::equals).stream()
                .mapToInt(snapshot -> snapshot.getDataPoints().size())
                .sum();
    }

    /** Digests of the latest checkpoints once they hold all events and nothing is left to offer. */
    private Map<String, String> settled(String checkpoints) {
        CheckpointStore store = new CheckpointStore(directory.resolve(checkpoints), 3);
        return TestingNode.until(
                "all is saved",
                () -> {
                    Map<String, String> digests = new TreeMap<>();
                    store.latest().forEach((tenant, loaded) -> {
                        if (complete(loaded.checkpoint())) {
                            digests.put(tenant, loaded.digest());
                        }
                    });
                    return digests;
                },
                digests -> digests.size() == TENANTS.size());
    }

    private static boolean complete(Checkpoint checkpoint) {
        return checkpoint.getCounters().getTrained() + checkpoint.getCounters().getHeldOut() == EVENTS
                && !checkpoint.hasOfferDeadlineMillis();
    }

    /** A node's own directory, with checkpoints and adapters elsewhere. */
    private Path state(String node, String files) throws IOException {
        Path state = Files.createDirectories(directory.resolve(node));
        Path adapters = Files.createDirectories(directory.resolve(files + "-adapters"));
        Files.createSymbolicLink(state.resolve("checkpoints"), Files.createDirectories(directory.resolve(files)));
        Files.createSymbolicLink(state.resolve("adapters"), adapters);
        return state;
    }

    private static Map<String, Object> settings(String group) {
        return Map.of("livegraft.kafka.partitions", PARTITIONS, "livegraft.ingest.consumer-group", group);
    }

    private static Map<String, Object> joining(TestingNode first) {
        return Map.of(
                "livegraft.kafka.embedded.enabled",
                false,
                "livegraft.kafka.bootstrap-servers",
                first.node().bootstrapServers(),
                "livegraft.ingest.consumer-group",
                "both");
    }
}
