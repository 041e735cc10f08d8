package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.actors.object.TestingS3;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.TestingPostgreSql;
import io.livegraft.actors.signing.KeyFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that share Kafka, PostgreSQL and a directory or an object store are one system. */
class SeveralNodesTest {
    private static final List<String> TENANTS = List.of("boats", "cars", "planes", "trains");

    /** Examples of each tenant. */
    private static final long ROUND = 8;

    @AutoClose
    private final TestingPostgreSql database = TestingPostgreSql.start();

    @TempDir
    private Path directory;

    @Test
    void eachNodeServesWhatAnyOfThemDecides() throws IOException {
        int firstPort = freePort();
        KeyFile.readOrCreate(directory.resolve("signing.key"));
        try (TestingNode first = new TestingNode(
                directory.resolve("first"), settings(firstPort, firstPort, Map.of("livegraft.kafka.partitions", 2)))) {
            learn(first, 0);
            try (TestingNode second =
                    new TestingNode(directory.resolve("second"), settings(freePort(), firstPort, joining(first)))) {
                assertEquals("ok", second.node().health().checks().get("cluster"));
                learn(second, 1);
                learned(first, 2);
                for (String tenant : TENANTS) {
                    AdapterImage image = first.settled(tenant);
                    assertEquals(image, second.image(tenant, found -> true));
                    first.serves(tenant, image.serving());
                    second.serves(tenant, image.serving());
                    rollBack(second, tenant);
                    first.serves(tenant, 0);
                    second.serves(tenant, 0);
                }
            }
            learn(first, 2);
            TENANTS.forEach(first::settled);
        }
    }

    /** Wherever it was trained: each node's archive holds only what that node has read, Kafka holds all. */
    @Test
    void onAnObjectStoreEachNodeServesAndMakesAnewWhatTheOtherTrained() throws IOException {
        int firstPort = freePort();
        KeyFile.readOrCreate(directory.resolve("signing.key"));
        try (TestingS3 server = TestingS3.start(Files.createDirectories(directory.resolve("s3")));
                TestingNode first = new TestingNode(
                        directory.resolve("first"),
                        settings(
                                firstPort, firstPort, with(stored(server), Map.of("livegraft.kafka.partitions", 2))))) {
            learn(first, 0);
            try (TestingNode second = new TestingNode(
                    directory.resolve("second"),
                    settings(freePort(), firstPort, with(stored(server), joining(first))))) {
                TestingNode.until("both train", () -> partitions(first), read -> read == 1);
                learn(second, 1);
                learned(first, 2);
                for (String tenant : TENANTS) {
                    AdapterVersion newest = first.settled(tenant).newest().orElseThrow();
                    for (TestingNode node : List.of(first, second)) {
                        node.serves(tenant, newest.number());
                        assertEquals(
                                newest.digest(),
                                node.rebuilt(tenant, newest.number()).rebuiltDigest());
                    }
                }
            }
        }
    }

    private static int partitions(TestingNode node) {
        return node.node().metrics().scrape("livegraft_trainers_awake"::equals).stream()
                .mapToInt(snapshot -> snapshot.getDataPoints().size())
                .sum();
    }

    private static Map<String, Object> stored(TestingS3 server) {
        return Map.of(
                "livegraft.object-store.kind",
                "s3",
                "livegraft.object-store.s3.endpoint",
                server.endpoint(),
                "livegraft.object-store.s3.bucket",
                TestingS3.BUCKET);
    }

    private static Map<String, Object> with(Map<String, Object> some, Map<String, Object> others) {
        Map<String, Object> both = new HashMap<>(some);
        both.putAll(others);
        return both;
    }

    private static void rollBack(TestingNode node, String tenant) {
        AdminAction action = new AdminAction("ann", "because", OptionalInt.empty(), false, Optional.empty());
        assertInstanceOf(
                Administration.AdminReply.Done.class,
                TestingNode.get(node.node().administration().rollback(tenant, OptionalInt.of(0), action)));
    }

    private static void learn(TestingNode node, int round) {
        for (int i = 0; i < ROUND; i++) {
            for (String tenant : TENANTS) {
                String id = "%s-%d-%d".formatted(tenant, round, i);
                node.send(tenant, id, "Tell me of day " + id, " It was a day of " + tenant + ".");
            }
        }
    }

    /** A trainer that has not read the latest round yet is at rest too. */
    private static void learned(TestingNode node, int rounds) {
        for (String tenant : TENANTS) {
            node.trainer(tenant, status -> status.trained() + status.heldOut() == rounds * ROUND);
        }
    }

    private Map<String, Object> settings(int port, int seedPort, Map<String, Object> own) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "livegraft.cluster.port", port,
                "livegraft.cluster.seed-nodes", "127.0.0.1:" + seedPort,
                "livegraft.object-store.directory", directory.resolve("shared").toString(),
                "livegraft.registry.database.kind", "postgresql",
                "livegraft.registry.database.url", database.url(),
                "livegraft.registry.database.user", database.user(),
                "livegraft.registry.database.password", database.password(),
                "livegraft.registry.signing.key-file",
                        directory.resolve("signing.key").toString()));
        settings.putAll(own);
        return settings;
    }

    private static Map<String, Object> joining(TestingNode first) {
        return Map.of(
                "livegraft.kafka.embedded.enabled",
                false,
                "livegraft.kafka.bootstrap-servers",
                first.node().bootstrapServers());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
