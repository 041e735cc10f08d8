package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/** What the registry does, whatever database it is over; each test has a tenant of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RegistryContract {
    private static final AdapterRegistry.Action ANN =
            new AdapterRegistry.Action("ann", "because", OptionalInt.empty(), false, Optional.empty());

    private TestingRegistry registry;
    private int tenants;
    private TestingOffers offers = new TestingOffers("nobody");

    abstract DatabaseSettings database();

    abstract Path directory();

    Placement placement() {
        return Placement.ALONE;
    }

    /** A process over the same database as the one before. */
    private TestingRegistry life() {
        return life(TestingOffers.settings(database()));
    }

    private TestingRegistry life(RegistrySettings settings) {
        return new TestingRegistry(settings, directory(), placement());
    }

    @BeforeAll
    void start() {
        registry = life();
    }

    @AfterAll
    void stop() {
        registry.close();
    }

    @BeforeEach
    void registerTenant(TestInfo test) {
        offers = new TestingOffers(
                test.getTestMethod()
                                .orElseThrow()
                                .getName()
                                .replaceAll("[a-z]+", "")
                                .toLowerCase(Locale.ROOT) + "-" + ++tenants);
        registry.register(offers.tenant(), 1);
    }

    @Test
    void aLineOfOffersIsPublishedOneAfterTheOther() {
        assertEquals(1, done(publish(offers.offer(1))).serving());
        assertEquals(2, done(publish(offers.offer(2))).serving());
        assertEquals(
                List.of(0, 1, 2),
                registry.published.stream()
                        .filter(image -> image.tenant().equals(offers.tenant()))
                        .map(AdapterImage::serving)
                        .distinct()
                        .toList());
    }

    @Test
    void theSameOfferAgainChangesNothing() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterRegistry.AlreadyDecided again =
                assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(offers.offer(1)));
        assertEquals(2, again.image().serving());
        assertEquals(2, again.image().versions().size());
    }

    @Test
    void aStaleOfferIsRefusedWithBothDigests() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterRegistry.Refused refused =
                assertInstanceOf(AdapterRegistry.Refused.class, publish(offers.offer("zombie", "d1")));
        assertEquals(ErrorCode.CONFLICT, refused.code());
        assertEquals(
                "the adapter of %s is stale: it grew from 'd1', but the last one offered was 'd2'"
                        .formatted(offers.tenant()),
                refused.message());
    }

    @Test
    void anOfferOfAnotherBaseIsRefused() {
        PublishManifest foreign =
                offers.offer(1).toBuilder().setBaseDigest("other").build();
        assertEquals(
                ErrorCode.CONFLICT,
                assertInstanceOf(AdapterRegistry.Refused.class, publish(foreign))
                        .code());
    }

    @Test
    void aHoldKeepsNewVersionsAsCandidatesAndResumePublishesLaterOnes() {
        publish(offers.offer(1));
        done(tell(replyTo -> new AdapterRegistry.Hold(ANN, replyTo)));
        AdapterRegistry.KeptAsCandidate kept =
                assertInstanceOf(AdapterRegistry.KeptAsCandidate.class, publish(offers.offer(2)));
        assertEquals(1, kept.image().serving());
        assertEquals(OptionalInt.of(2), kept.image().candidate());
        done(tell(replyTo -> new AdapterRegistry.Resume(ANN, replyTo)));
        assertEquals(3, done(publish(offers.offer(3))).serving());
    }

    @Test
    void theLineGoesOnAfterARollback() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterImage back = done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), ANN, replyTo)));
        assertEquals(1, back.serving());
        assertTrue(back.held());
        done(tell(replyTo -> new AdapterRegistry.Resume(ANN, replyTo)));
        assertEquals(3, done(publish(offers.offer(3))).serving());
    }

    @Test
    void theLineGoesOnAfterTheGateRefused() {
        publish(offers.offer(1));
        AdapterImage refused =
                done(tell(replyTo -> new AdapterRegistry.Refuse(offers.offer(2), "worse than its parent", replyTo)));
        assertEquals(1, refused.serving());
        assertEquals("refuse", refused.history().getLast().action());
        assertEquals(2, done(publish(offers.offer(3))).serving());
        assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(offers.offer(2)));
    }

    @Test
    void aLookupTellsWhetherAnOfferWasDecided() {
        assertInstanceOf(AdapterRegistry.Done.class, tell(replyTo -> new AdapterRegistry.Lookup("d1", 0, replyTo)));
        publish(offers.offer(1));
        assertInstanceOf(
                AdapterRegistry.AlreadyDecided.class, tell(replyTo -> new AdapterRegistry.Lookup("d1", 0, replyTo)));
    }

    @Test
    void aNewLineDropsWhatHoldsTheForgottenAndServesWhatDoesNot() {
        publish(offers.offer(1).toBuilder().setOffset(10).build());
        publish(offers.offer(2).toBuilder().setOffset(20).build());
        publish(offers.offer(3).toBuilder().setOffset(30).build());
        AdapterImage forgotten = done(beginLine("forget", 40, OptionalLong.of(15)));
        assertEquals(1, forgotten.serving());
        assertEquals(List.of(1), numbers(forgotten));
        assertEquals(OptionalInt.empty(), forgotten.previous());
        assertEquals("forget", forgotten.history().getLast().action());
        assertEquals(forgotten, done(beginLine("forget", 40, OptionalLong.of(5))), "begun once");

        assertEquals(RefusalReason.LINE_STALE, refusal(publish(offers.offer(4))));
        assertInstanceOf(
                AdapterRegistry.AlreadyDecided.class, tell(replyTo -> new AdapterRegistry.Lookup("d4", 0, replyTo)));
        PublishManifest clean = offers.offer("d1", "").toBuilder()
                .setOffset(40)
                .setLineOffset(40)
                .build();
        AdapterImage published = done(publish(clean));
        assertEquals(4, published.serving(), "numbers are never given twice");
        assertEquals(List.of(1, 4), numbers(published));
    }

    @Test
    void aVersionWithTheBitsOfTheNewLineHoldsNothingForgotten() {
        publish(offers.offer(1).toBuilder().setOffset(10).build());
        publish(offers.offer(2).toBuilder().setOffset(20).build());
        AdapterImage image = done(tell(replyTo ->
                new AdapterRegistry.BeginLine("forget", 40, OptionalLong.of(0), "d2", 1, "ann", "because", replyTo)));
        assertEquals(List.of(2), numbers(image));
        assertEquals(2, image.serving());
    }

    @Test
    void aLineOfAnEpochThatIsOverIsRefused() {
        publish(offers.offer(1));
        tell(replyTo -> new AdapterRegistry.Register(2, replyTo));
        assertEquals(RefusalReason.EPOCH_STALE, refusal(beginLine("forget", 40, OptionalLong.of(0))));
        assertEquals(List.of(1), numbers(image()));
        assertEquals(RefusalReason.EPOCH_STALE, refusal(publish(offers.offer(2))));
    }

    @Test
    void aResetDropsNothing() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterImage image = done(beginLine("reset", 50, OptionalLong.empty()));
        assertEquals(List.of(1, 2), numbers(image));
        assertEquals(2, image.serving());
        assertEquals(RefusalReason.LINE_STALE, refusal(publish(offers.offer(3))));
    }

    private AdapterRegistry.Reply beginLine(String action, long offset, OptionalLong droppedFrom) {
        return tell(replyTo ->
                new AdapterRegistry.BeginLine(action, offset, droppedFrom, "clean", 1, "ann", "because", replyTo));
    }

    private static List<Integer> numbers(AdapterImage image) {
        return image.versions().stream().map(AdapterVersion::number).toList();
    }

    @Test
    void rollbackToTheBaseIsPossibleAndToNothingElse() {
        publish(offers.offer(1));
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
        publish(offers.offer(1));
        AdapterRegistry.Action dryRun =
                new AdapterRegistry.Action("ann", "try", OptionalInt.empty(), true, Optional.empty());
        AdapterImage asIf = done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.of(0), dryRun, replyTo)));
        assertEquals(0, asIf.serving());
        AdapterImage image = image();
        assertEquals(1, image.serving());
        assertFalse(image.held());
    }

    @Test
    void anUnexpectedServingVersionIsAConflictThatNamesBoth() {
        publish(offers.offer(1));
        AdapterRegistry.Action expecting =
                new AdapterRegistry.Action("ann", "x", OptionalInt.of(7), false, Optional.empty());
        AdapterRegistry.Refused refused = assertInstanceOf(
                AdapterRegistry.Refused.class, tell(replyTo -> new AdapterRegistry.Hold(expecting, replyTo)));
        assertEquals(
                "version 7 of %s was expected to serve, but version 1 does".formatted(offers.tenant()),
                refused.message());
    }

    @Test
    void aRefusalNamesItsReason() {
        publish(offers.offer(1));
        assertEquals(RefusalReason.PARENT_STALE, refusal(publish(offers.offer("zombie", ""))));
        assertEquals(
                RefusalReason.BASE_FOREIGN,
                refusal(publish(
                        offers.offer(2).toBuilder().setBaseDigest("other").build())));
        assertEquals(
                RefusalReason.TENANT_FOREIGN,
                refusal(publish(offers.offer(2).toBuilder().setTenant("other").build())));
        assertEquals(
                RefusalReason.CONFIG_FOREIGN,
                refusal(publish(
                        offers.offer(2).toBuilder().setConfigDigest("other").build())));
        assertEquals(1, image().versions().size());
    }

    @Test
    void theLineGoesOnWithTheSettingsOfTheOfferBeforeIt() {
        publish(offers.offer(1).toBuilder().setConfigDigest("older").build());
        done(publish(offers.offer(2).toBuilder().setConfigDigest("older").build()));
        done(publish(offers.offer(3)));
        assertEquals(
                RefusalReason.CONFIG_FOREIGN,
                refusal(publish(
                        offers.offer(4).toBuilder().setConfigDigest("older").build())));
    }

    @Test
    void aLowerEpochThanTheHighestSeenIsRefused() {
        publish(offers.offer(1));
        registry.register(offers.tenant(), 3);
        assertEquals(RefusalReason.EPOCH_STALE, refusal(publish(offers.offer(2))));
        assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(offers.offer(1)));
        assertEquals(RefusalReason.EPOCH_STALE, refusal(tell(replyTo -> new AdapterRegistry.Register(2, replyTo))));
        done(publish(offers.offer(2).toBuilder().setEpoch(4).build()));
        assertEquals(
                RefusalReason.EPOCH_STALE,
                refusal(publish(offers.offer(3).toBuilder().setEpoch(3).build())));
    }

    @Test
    void anAssignmentHasAHigherEpochThanAllBeforeItAlsoAfterARestart() {
        assertEquals(1, registry.take(offers.tenant(), 0));
        assertEquals(2, registry.take(offers.tenant(), 0));
        assertEquals(1, registry.take(offers.tenant(), 1));
        registry.close();
        registry = life();
        assertEquals(3, registry.take(offers.tenant(), 0));
    }

    @Test
    void aVersionSaysWhereItComesFromAndIsChainedToTheOneBefore() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterVersion first = image().versions().getFirst();
        AdapterVersion second = image().versions().getLast();
        assertEquals(
                new Lineage(
                        "base",
                        "config",
                        "c2",
                        "feedback",
                        17,
                        "cpu",
                        new TreeMap<>(Map.of("trained", 8L)),
                        new TreeMap<>(Map.of("accepted", 8L)),
                        1),
                second.lineage());
        assertEquals(first.envelope().orElseThrow().digest(), second.previousEnvelope());
        TrustedKeys keys = new TrustedKeys(List.of(TestingOffers.KEY.verifyingKey()));
        assertEquals(Optional.empty(), Manifests.refusal(image(), first, keys));
        assertEquals(Optional.empty(), Manifests.refusal(image(), second, keys));
    }

    @Test
    void aChangeWithTheSameKeyIsMadeOnceAndAnsweredAlike() {
        publish(offers.offer(1));
        publish(offers.offer(2));
        AdapterRegistry.Action once = keyed("once", "asked");
        AdapterImage first = done(tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), once, replyTo)));
        done(tell(replyTo -> new AdapterRegistry.Resume(ANN, replyTo)));
        done(publish(offers.offer(3)));
        AdapterRegistry.Repeated again = assertInstanceOf(
                AdapterRegistry.Repeated.class,
                tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), once, replyTo)));
        assertEquals(first, again.image());
        assertEquals(3, image().serving());
    }

    @Test
    void aKeyOfAnotherChangeIsRefused() {
        tell(replyTo -> new AdapterRegistry.Hold(keyed("once", "asked"), replyTo));
        assertEquals(
                RefusalReason.KEY_REUSED,
                refusal(tell(replyTo -> new AdapterRegistry.Hold(keyed("once", "otherwise"), replyTo))));
    }

    @Test
    void onlyTheLatestKeysAreRemembered() {
        for (int i = 0; i < 5; i++) { // one more than the setting
            AdapterRegistry.Action action = keyed("key-" + i, "asked");
            done(tell(replyTo -> new AdapterRegistry.Hold(action, replyTo)));
        }
        done(tell(replyTo -> new AdapterRegistry.Hold(keyed("key-0", "asked"), replyTo)));
        assertInstanceOf(
                AdapterRegistry.Repeated.class,
                tell(replyTo -> new AdapterRegistry.Hold(keyed("key-4", "asked"), replyTo)));
    }

    @Test
    void theListShowsHowATenantStands() {
        TenantQuery mine = new TenantQuery(offers.tenant(), Optional.empty(), 10);
        publish(offers.offer(1));
        publish(offers.offer(2));
        tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), ANN, replyTo));
        Standing standing = new Standing(1, "d1", OptionalInt.of(2), OptionalInt.empty(), true, 2);
        TenantPage page = registry.page(
                mine, found -> found.rows().stream().map(TenantRow::standing).anyMatch(standing::equals));
        assertEquals(1, page.rows().size());
        assertEquals(Optional.empty(), page.next());
        registry.close();
        registry = life();
        assertEquals(page, registry.page(mine), "also after a restart");
    }

    @Test
    void theListComesInPagesByName() {
        List<String> names = List.of("a-0", "a-1", "a-10", "a_1", "ab");
        names.forEach(name -> registry.register(offers.tenant() + name, 1));
        TenantQuery all = new TenantQuery(offers.tenant() + "a", Optional.empty(), 10);
        registry.page(all, page -> page.rows().size() == 5);
        List<String> read = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            TenantPage page = registry.page(new TenantQuery(all.prefix(), after, 2));
            page.rows()
                    .forEach(row ->
                            read.add(row.tenant().substring(offers.tenant().length())));
            after = page.next();
        } while (after.isPresent());
        assertEquals(names, read);
        assertEquals(
                3,
                registry.page(new TenantQuery(offers.tenant() + "a-", Optional.of("a"), 10))
                        .rows()
                        .size());
    }

    @Test
    void anIdleRegistryLeavesMemoryAndIsThereAgain() {
        RegistrySettings small = new RegistrySettings(
                16,
                256,
                4,
                3,
                Duration.ofMinutes(1),
                Duration.ofSeconds(1),
                database(),
                new SigningSettings(Optional.empty(), List.of()));
        publish(offers.offer(1));
        registry.close();
        try (TestingRegistry crowded = life(small)) {
            for (int i = 0; i < 20; i++) {
                crowded.tell(offers.tenant() + i, AdapterRegistry.Read::new);
            }
            while (crowded.health().awake().orElse(0) > 3) {
                Thread.onSpinWait();
            }
            assertEquals(
                    1,
                    done(crowded.tell(offers.tenant(), AdapterRegistry.Read::new))
                            .serving());
        }
        registry = life();
    }

    @Test
    void decisionsSurviveARestart() {
        for (int number = 1; number <= 120; number++) { // beyond a snapshot
            done(publish(offers.offer(number)));
        }
        tell(replyTo -> new AdapterRegistry.Rollback(OptionalInt.empty(), ANN, replyTo));
        AdapterRegistry.Action hold = keyed("before the restart", "asked");
        AdapterImage held = done(tell(replyTo -> new AdapterRegistry.Hold(hold, replyTo)));
        registry.close();
        registry = life();
        AdapterImage image = image();
        assertEquals(held, image);
        assertEquals(
                held,
                assertInstanceOf(
                                AdapterRegistry.Repeated.class,
                                tell(replyTo -> new AdapterRegistry.Hold(hold, replyTo)))
                        .image());
        assertEquals(119, image.serving());
        assertEquals(OptionalInt.of(120), image.previous());
        assertTrue(image.held());
        assertEquals("hold", image.history().getLast().action());
        assertEquals(122, image.history().getLast().number());
        assertEquals(TestingOffers.PASSED, image.versions().getLast().evaluation());
        assertInstanceOf(AdapterRegistry.AlreadyDecided.class, publish(offers.offer(120)));
    }

    @Test
    void theRevisionOfAnImageIsThatOfTheJournal() {
        publish(offers.offer(1));
        tell(replyTo -> new AdapterRegistry.Hold(ANN, replyTo));
        assertEquals(3, image().revision(), "registered, published, held");
        assertEquals(Map.of(offers.tenant(), 3L), registry.revisions(List.of(offers.tenant(), "never-seen")));
    }

    @Test
    void anUnknownTenantIsRefused() {
        AdapterRegistry.Refused refused =
                assertInstanceOf(AdapterRegistry.Refused.class, registry.tell("stranger", AdapterRegistry.Read::new));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, refused.code());
        assertEquals("no tenant 'stranger'", refused.message());
    }

    private AdapterImage image() {
        return done(tell(AdapterRegistry.Read::new));
    }

    private AdapterRegistry.Reply publish(PublishManifest manifest) {
        return tell(replyTo -> new AdapterRegistry.Publish(manifest, TestingOffers.PASSED, replyTo));
    }

    private AdapterRegistry.Reply tell(Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> command) {
        return registry.tell(offers.tenant(), command);
    }

    private static AdapterRegistry.Action keyed(String key, String fingerprint) {
        return new AdapterRegistry.Action(
                "ann", "because", OptionalInt.empty(), false, Optional.of(new IdempotencyKey(key, fingerprint)));
    }

    private static RefusalReason refusal(AdapterRegistry.Reply reply) {
        return assertInstanceOf(AdapterRegistry.Refused.class, reply).reason();
    }

    private static AdapterImage done(AdapterRegistry.Reply reply) {
        return assertInstanceOf(AdapterRegistry.Done.class, reply).image();
    }
}
