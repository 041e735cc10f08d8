package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.checkpoint.VersionFiles;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;

/** One life of a process that runs the registry over a real database. */
final class TestingRegistry implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Messages that never leave their process. */
    private static final List<String> STAYING =
            List.of("org.apache.pekko.", RegistryGuardian.class.getName(), TenantIndexer.class.getName());

    /** What publishers were told, of all tenants. */
    final Queue<AdapterImage> published = new ConcurrentLinkedQueue<>();

    private final TenantIndex index;
    private final ActorTestKit kit;
    private final ActorRef<RegistryGuardian.Command> guardian;

    TestingRegistry(DatabaseSettings database, Path directory) {
        this(TestingOffers.settings(database), directory, Placement.ALONE);
    }

    TestingRegistry(RegistrySettings settings, Path directory, Placement placement) {
        DatabaseSettings database = settings.database();
        index = TenantIndex.open(database, directory);
        Config config = RegistryDatabase.config(database, directory)
                .withFallback(placement(placement))
                .withFallback(ConfigFactory.parseResources("livegraft-node.conf"))
                .withFallback(ConfigFactory.load())
                .resolve();
        kit = ActorTestKit.create(config);
        if (placement == Placement.SHARDED) {
            Cluster cluster = Cluster.get(kit.system());
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        }
        guardian = kit.spawn(RegistryGuardian.create(new RegistryGuardian.Environment(
                new AdapterRegistry.Environment(
                        "base",
                        "config",
                        settings,
                        Clock.systemUTC(),
                        TestingOffers.KEY,
                        (delta, image, manifest) -> published.add(image)),
                placement,
                new VersionFiles(
                        new ArtifactStore(directory.resolve("adapters")),
                        new CheckpointStore(directory.resolve("checkpoints"), 3)),
                index,
                "node")));
        while (!health().ready()) {
            Thread.onSpinWait();
        }
    }

    /** A cluster of this process alone; whatever is told goes the way that it goes between nodes. */
    private static Config placement(Placement placement) {
        return switch (placement) {
            case ALONE -> ConfigFactory.empty();
            case SHARDED ->
                ConfigFactory.parseMap(Map.of(
                        "pekko.actor.provider", "cluster",
                        "pekko.actor.serialize-messages", "on",
                        "pekko.actor.no-serialization-verification-needed-class-prefix", STAYING,
                        "pekko.remote.artery.canonical.hostname", "127.0.0.1",
                        "pekko.remote.artery.canonical.port", 0));
        };
    }

    Map<String, Long> revisions(List<String> tenants) {
        try {
            return index.revisions(tenants);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    void register(String tenant, long epoch) {
        guardian.tell(new RegistryGuardian.Register(tenant, epoch));
    }

    long take(String topic, int partition) {
        return get(AskPattern.<RegistryGuardian.Command, Long>ask(
                guardian,
                replyTo -> new RegistryGuardian.TakePartition(topic, partition, replyTo),
                PATIENCE,
                kit.system().scheduler()));
    }

    AdapterRegistry.Reply tell(
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> command) {
        return get(ask(tenant, command));
    }

    /** Sent when it returns, in order. */
    CompletionStage<AdapterRegistry.Reply> ask(
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> command) {
        return AskPattern.ask(
                guardian,
                replyTo -> new RegistryGuardian.ForTenant(tenant, command.apply(replyTo)),
                PATIENCE,
                kit.system().scheduler());
    }

    TenantPage page(TenantQuery query) {
        try {
            return index.page(query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Asks again until it holds. */
    TenantPage page(TenantQuery query, Predicate<TenantPage> holds) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        TenantPage page = page(query);
        while (!holds.test(page)) {
            assertTrue(System.nanoTime() < deadline, page.toString());
            page = page(query);
        }
        return page;
    }

    RegistryGuardian.Health health() {
        return get(AskPattern.ask(
                guardian,
                RegistryGuardian.GetHealth::new,
                PATIENCE,
                kit.system().scheduler()));
    }

    static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        kit.shutdownTestKit();
        index.close();
    }
}
