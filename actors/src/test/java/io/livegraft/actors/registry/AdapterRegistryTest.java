package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdapterRegistryTest {
    private static final ActorTestKit KIT = ActorTestKit.create(EventSourcedBehaviorTestKit.config()
            .withFallback(
                    ConfigFactory.parseString(
                            "pekko.actor.serialization-bindings { \"io.livegraft.actors.registry.RegistryStored\" = jackson-cbor }"))
            .withFallback(ConfigFactory.load()));
    private static final AdapterRegistry.Action ANN =
            new AdapterRegistry.Action("ann", "because", OptionalInt.empty(), false);

    private final List<AdapterImage> published = new ArrayList<>();
    private EventSourcedBehaviorTestKit<AdapterRegistry.Command, AdapterEvent, RegistryState> registry;

    @BeforeEach
    void open() {
        registry = EventSourcedBehaviorTestKit.create(
                KIT.system(),
                AdapterRegistry.create(
                        "support",
                        "base",
                        new RegistrySettings(16, 256),
                        Clock.systemUTC(),
                        (delta, image, manifest) -> published.add(image)),
                // Commands stay in the process; events and states are what is stored.
                EventSourcedBehaviorTestKit.enabledSerializationSettings().withVerifyCommands(false));
        registry.clear();
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void aLineOfOffersIsPublishedOneAfterTheOther() {
        assertEquals(1, done(publish(TestingOffers.offer(1))).serving());
        assertEquals(2, done(publish(TestingOffers.offer(2))).serving());
        assertEquals(2, published.getLast().serving());
    }

    @Test
    void theSameOfferAgainChangesNothing() {
        publish(TestingOffers.offer(1));
        publish(TestingOffers.offer(2));
        AdapterRegistry.AlreadyDecided again =
                assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(TestingOffers.offer(1)));
        assertEquals(2, again.image().serving());
        assertEquals(2, again.image().versions().size());
    }

    @Test
    void aStaleOfferIsRefusedWithBothDigests() {
        publish(TestingOffers.offer(1));
        publish(TestingOffers.offer(2));
        AdapterRegistry.Refused refused =
                assertInstanceOf(AdapterRegistry.Refused.class, publish(TestingOffers.offer("zombie", "d1")));
        assertEquals(ErrorCode.CONFLICT, refused.code());
        assertEquals(
                "the adapter of support is stale: it grew from 'd1', but the last one offered was 'd2'",
                refused.message());
    }

    @Test
    void anOfferOfAnotherBaseIsRefused() {
        PublishManifest foreign =
                TestingOffers.offer(1).toBuilder().setBaseDigest("other").build();
        assertEquals(
                ErrorCode.CONFLICT,
                assertInstanceOf(AdapterRegistry.Refused.class, publish(foreign))
                        .code());
    }

    @Test
    void aHoldKeepsNewVersionsAsCandidatesAndResumePublishesLaterOnes() {
        publish(TestingOffers.offer(1));
        done(tell(replyTo -> new AdapterRegistry.Hold(ANN, replyTo)));
        AdapterRegistry.KeptAsCandidate kept =
                assertInstanceOf(AdapterRegistry.KeptAsCandidate.class, publish(TestingOffers.offer(2)));
        assertEquals(1, kept.image().serving());
        assertEquals(OptionalInt.of(2), kept.image().candidate());
        done(tell(replyTo -> new AdapterRegistry.Resume(ANN, replyTo)));
        assertEquals(3, done(publish(TestingOffers.offer(3))).serving());
    }

    @Test
    void theLineGoesOnAfterARollback() {
        publish(TestingOffers.offer(1));
        publish(TestingOffers.offer(2));
        AdapterImage back = done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), ANN, replyTo)));
        assertEquals(1, back.serving());
        assertTrue(back.held());
        done(tell(replyTo -> new AdapterRegistry.Resume(ANN, replyTo)));
        assertEquals(3, done(publish(TestingOffers.offer(3))).serving());
    }

    @Test
    void theLineGoesOnAfterTheGateRefused() {
        publish(TestingOffers.offer(1));
        AdapterImage refused = done(
                tell(replyTo -> new AdapterRegistry.Refuse(TestingOffers.offer(2), "worse than its parent", replyTo)));
        assertEquals(1, refused.serving());
        assertEquals("refuse", refused.history().getLast().action());
        assertEquals(2, done(publish(TestingOffers.offer(3))).serving());
        assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(TestingOffers.offer(2)));
    }

    @Test
    void aLookupTellsWhetherAnOfferWasDecided() {
        assertInstanceOf(AdapterRegistry.Done.class, tell(replyTo -> new AdapterRegistry.Lookup("d1", replyTo)));
        publish(TestingOffers.offer(1));
        assertInstanceOf(
                AdapterRegistry.AlreadyDecided.class, tell(replyTo -> new AdapterRegistry.Lookup("d1", replyTo)));
    }

    @Test
    void rollbackToTheBaseIsPossibleAndToNothingElse() {
        publish(TestingOffers.offer(1));
        AdapterRegistry.Refused refused = assertInstanceOf(
                AdapterRegistry.Refused.class,
                tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.of(9), ANN, replyTo)));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, refused.code());
        assertEquals(
                0,
                done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.of(0), ANN, replyTo)))
                        .serving());
        assertEquals(
                ErrorCode.CONFLICT,
                assertInstanceOf(
                                AdapterRegistry.Refused.class,
                                tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.of(0), ANN, replyTo)))
                        .code());
    }

    @Test
    void aDryRunAnswersAsIfAndChangesNothing() {
        publish(TestingOffers.offer(1));
        AdapterRegistry.Action dryRun = new AdapterRegistry.Action("ann", "try", OptionalInt.empty(), true);
        AdapterImage asIf = done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.of(0), dryRun, replyTo)));
        assertEquals(0, asIf.serving());
        assertEquals(1, registry.getState().image().serving());
        assertFalse(registry.getState().image().held());
    }

    @Test
    void anUnexpectedServingVersionIsAConflictThatNamesBoth() {
        publish(TestingOffers.offer(1));
        AdapterRegistry.Action expecting = new AdapterRegistry.Action("ann", "x", OptionalInt.of(7), false);
        AdapterRegistry.Refused refused = assertInstanceOf(
                AdapterRegistry.Refused.class, tell(replyTo -> new AdapterRegistry.Hold(expecting, replyTo)));
        assertEquals("version 7 of support was expected to serve, but version 1 does", refused.message());
    }

    private AdapterRegistry.Reply publish(PublishManifest manifest) {
        return tell(replyTo -> new AdapterRegistry.Publish(manifest, TestingOffers.PASSED, replyTo));
    }

    private AdapterRegistry.Reply tell(Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Command> command) {
        return registry.<AdapterRegistry.Reply>runCommand(command).reply();
    }

    private static AdapterImage done(AdapterRegistry.Reply reply) {
        return assertInstanceOf(AdapterRegistry.Done.class, reply).image();
    }
}
