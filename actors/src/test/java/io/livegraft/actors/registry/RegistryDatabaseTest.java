package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.checkpoint.ArtifactStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry over a real H2 file. */
class RegistryDatabaseTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    /** One life of a process. */
    private final class Life implements AutoCloseable {
        private final ActorTestKit kit = ActorTestKit.create(RegistryDatabase.in(directory)
                .withFallback(ConfigFactory.parseResources("livegraft-node.conf"))
                .withFallback(ConfigFactory.load())
                .resolve());
        private final ActorRef<RegistryGuardian.Command> guardian = kit.spawn(RegistryGuardian.create(
                new RegistryGuardian.Environment(
                        "base",
                        new RegistrySettings(16, 256),
                        Clock.systemUTC(),
                        new ArtifactStore(directory.resolve("adapters")),
                        (delta, image, manifest) -> {}),
                RegistryDatabase.knownTenants(kit.system())));

        AdapterRegistry.Reply tell(Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Command> command)
                throws Exception {
            return get(AskPattern.<RegistryGuardian.Command, AdapterRegistry.Reply>ask(
                    guardian,
                    replyTo -> new RegistryGuardian.ForTenant("support", command.apply(replyTo)),
                    PATIENCE,
                    kit.system().scheduler()));
        }

        RegistryGuardian.Images images() throws Exception {
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

        private <T> T get(CompletionStage<T> stage) throws Exception {
            return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            kit.shutdownTestKit();
        }
    }

    @Test
    void decisionsSurviveARestart() throws Exception {
        AdapterRegistry.Action ann = new AdapterRegistry.Action("ann", "because", OptionalInt.empty(), false);
        try (Life first = new Life()) {
            first.images();
            first.guardian.tell(new RegistryGuardian.Register("support"));
            for (int number = 1; number <= 120; number++) { // beyond a snapshot
                int offer = number;
                assertInstanceOf(
                        AdapterRegistry.Done.class,
                        first.tell(replyTo -> new AdapterRegistry.Publish(
                                TestingOffers.offer(offer), TestingOffers.PASSED, replyTo)));
            }
            first.tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), ann, replyTo));
        }
        try (Life second = new Life()) {
            List<AdapterImage> images = second.images().images();
            assertEquals(1, images.size());
            AdapterImage image = images.getFirst();
            assertEquals(119, image.serving());
            assertEquals(OptionalInt.of(120), image.previous());
            assertTrue(image.held());
            assertEquals("rollback", image.history().getLast().action());
            assertEquals(TestingOffers.PASSED, image.versions().getLast().evaluation());
            assertInstanceOf(
                    AdapterRegistry.AlreadyDecided.class,
                    second.tell(replyTo ->
                            new AdapterRegistry.Publish(TestingOffers.offer(120), TestingOffers.PASSED, replyTo)));
        }
    }

    @Test
    void anUnknownTenantIsRefused() throws Exception {
        try (Life life = new Life()) {
            life.images();
            AdapterRegistry.Refused refused = assertInstanceOf(
                    AdapterRegistry.Refused.class, life.tell(replyTo -> new AdapterRegistry.Lookup("d", replyTo)));
            assertEquals("no tenant 'support'", refused.message());
        }
    }
}
