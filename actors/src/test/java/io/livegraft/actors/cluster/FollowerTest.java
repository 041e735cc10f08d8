package io.livegraft.actors.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterUpdate;
import io.livegraft.actors.registry.DatabaseSettings;
import io.livegraft.actors.registry.TenantIndex;
import io.livegraft.actors.serving.ServingReplica;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a probe in the replica's place and a journal of two tenants. */
class FollowerTest {
    private static final String JOURNAL =
            "CREATE TABLE \"event_journal\" (\"persistence_id\" VARCHAR(255), \"sequence_number\" BIGINT)";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final ActorTestKit kit = ActorTestKit.create(ConfigFactory.load());
    private final TestProbe<ServingReplica.Command> replica = kit.createTestProbe();
    private final ActorRef<Topic.Command<AdapterUpdate>> topic = kit.spawn(Follower.topic());

    @BeforeEach
    void writeJournal() throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:h2:file:%s;DATABASE_TO_UPPER=false".formatted(directory.resolve("registry")), "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute(JOURNAL);
            statement.execute("INSERT INTO \"event_journal\" VALUES"
                    + " ('adapter|behind', 1), ('adapter|behind', 2), ('adapter|even', 1), ('adapter|strange', 9)");
        }
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void whatTheReplicaMissedIsAskedForAgainAndAgain() {
        try (TenantIndex index = TenantIndex.open(new DatabaseSettings.H2(1), directory)) {
            ActorRef<Follower.Command> follower =
                    kit.spawn(Follower.create(topic, replica.getRef(), index, Duration.ofMillis(10)));
            for (int round = 0; round < 2; round++) {
                knows(Map.of("behind", 1L, "even", 1L));
                assertEquals(
                        List.of("behind"),
                        replica.expectMessageClass(ServingReplica.AskAgain.class, PATIENCE)
                                .tenants());
            }
            knows(Map.of("behind", 2L, "even", 1L));
            replica.expectMessageClass(ServingReplica.GetRevisions.class, PATIENCE);
            TestProbe<Boolean> following = kit.createTestProbe();
            follower.tell(new Follower.GetFollowing(following.getRef()));
            assertTrue(following.receiveMessage());
        }
    }

    @Test
    void whatIsToldOnTheTopicReachesTheReplica() {
        try (TenantIndex index = TenantIndex.open(new DatabaseSettings.H2(1), directory)) {
            kit.spawn(Follower.create(topic, replica.getRef(), index, Duration.ofHours(1)));
            replica.expectMessageClass(ServingReplica.GetRevisions.class, PATIENCE);
            AdapterUpdate update = new AdapterUpdate(AdapterImage.empty("support"), List.of(7L));
            topic.tell(Topic.publish(update));
            assertEquals(
                    update,
                    replica.expectMessageClass(ServingReplica.Decided.class).update());
        }
    }

    private void knows(Map<String, Long> revisions) {
        replica.expectMessageClass(ServingReplica.GetRevisions.class, PATIENCE)
                .replyTo()
                .tell(new ServingReplica.Revisions(revisions));
    }
}
