package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.checkpoint.ArtifactStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** One life of a process that runs the registry over a real database. */
final class TestingRegistry implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What publishers were told, of all tenants. */
    final Queue<AdapterImage> published = new ConcurrentLinkedQueue<>();

    private final ActorTestKit kit;
    private final ActorRef<RegistryGuardian.Command> guardian;

    TestingRegistry(DatabaseSettings database, Path directory) {
        Config config = RegistryDatabase.config(database, directory)
                .withFallback(ConfigFactory.parseResources("livegraft-node.conf"))
                .withFallback(ConfigFactory.load())
                .resolve();
        kit = ActorTestKit.create(config);
        guardian = kit.spawn(RegistryGuardian.create(
                new RegistryGuardian.Environment(
                        new AdapterRegistry.Environment(
                                "base",
                                "config",
                                TestingOffers.settings(database),
                                Clock.systemUTC(),
                                TestingOffers.KEY,
                                (delta, image, manifest) -> published.add(image)),
                        new ArtifactStore(directory.resolve("adapters")),
                        "node"),
                RegistryDatabase.knownTenants(kit.system())));
        images();
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
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Command> command) {
        return get(ask(tenant, command));
    }

    /** Sent when it returns, in order. */
    CompletionStage<AdapterRegistry.Reply> ask(
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Command> command) {
        return AskPattern.ask(
                guardian,
                replyTo -> new RegistryGuardian.ForTenant(tenant, command.apply(replyTo)),
                PATIENCE,
                kit.system().scheduler());
    }

    /** Once everything has been read back. */
    RegistryGuardian.Images images() {
        RegistryGuardian.Images images;
        do {
            images = get(AskPattern.ask(
                    guardian,
                    RegistryGuardian.GetImages::new,
                    PATIENCE,
                    kit.system().scheduler()));
        } while (!images.complete());
        return images;
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
    }
}
