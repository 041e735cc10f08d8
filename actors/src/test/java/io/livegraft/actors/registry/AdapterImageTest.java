package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AdapterImageTest {
    private static final RegistrySettings BOUNDS = new RegistrySettings(
            3,
            5,
            1,
            1,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            new DatabaseSettings.H2(1),
            new SigningSettings(Optional.empty(), List.of()));
    private static final Instant NOW = Instant.EPOCH;
    private static final Optional<IdempotencyKey> NO_KEY = Optional.empty();

    private AdapterImage image = AdapterImage.empty("support");

    @Test
    void aPublishedVersionServesAndTheOldOneIsPrevious() {
        publish(1, false);
        publish(2, false);
        assertEquals(2, image.serving());
        assertEquals(OptionalInt.of(1), image.previous());
        assertTrue(image.candidate().isEmpty());
    }

    @Test
    void rollbackServesThePreviousVersionAndHolds() {
        publish(1, false);
        publish(2, false);
        apply(new AdapterEvent.RolledBack(NOW, 1, "ann", "wrong answers", NO_KEY));
        assertEquals(1, image.serving());
        assertEquals(OptionalInt.of(2), image.previous());
        assertTrue(image.held());
        assertEquals(
                new HistoryEntry(3, NOW, "rollback", 1, "ann", "wrong answers"),
                image.history().getLast());
    }

    @Test
    void aHeldVersionBecomesTheCandidateUntilItServes() {
        publish(1, false);
        apply(new AdapterEvent.HoldPlaced(NOW, "ann", "look", NO_KEY));
        publish(2, true);
        assertEquals(1, image.serving());
        assertEquals(OptionalInt.of(2), image.candidate());
        apply(new AdapterEvent.Promoted(NOW, 2, "ann", "fine", NO_KEY));
        assertEquals(2, image.serving());
        assertTrue(image.candidate().isEmpty());
        apply(new AdapterEvent.HoldLifted(NOW, "ann", "done", NO_KEY));
        assertFalse(image.held());
    }

    @Test
    void whatServesIsKeptBeyondTheBound() {
        publish(1, false);
        apply(new AdapterEvent.HoldPlaced(NOW, "ann", "look", NO_KEY));
        for (int number = 2; number <= 10; number++) {
            publish(number, true);
        }
        assertEquals(List.of(1, 8, 9, 10), numbers());
    }

    @Test
    void whateverIsDecidedItsPointersPointToRetainedVersions() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            image = AdapterImage.empty("support");
            int newest = 0;
            for (int i = 0; i < 40; i++) {
                if (random.nextBoolean()) {
                    publish(++newest, image.held());
                } else {
                    int to = image.versions().isEmpty()
                            ? 0
                            : numbers().get(random.nextInt(image.versions().size()));
                    apply(
                            switch (random.nextInt(4)) {
                                case 0 -> new AdapterEvent.RolledBack(NOW, to, "ann", "", NO_KEY);
                                case 1 -> new AdapterEvent.Promoted(NOW, to, "ann", "", NO_KEY);
                                case 2 -> new AdapterEvent.HoldPlaced(NOW, "ann", "", NO_KEY);
                                default -> new AdapterEvent.HoldLifted(NOW, "ann", "", NO_KEY);
                            });
                }
                assertInvariants("seed " + seed + " step " + i, newest);
            }
        }
    }

    private void assertInvariants(String where, int newest) {
        assertPointsToVersion(image.serving(), where);
        image.previous().ifPresent(number -> assertPointsToVersion(number, where));
        image.candidate().ifPresent(number -> assertPointsToVersion(number, where));
        assertEquals(newest, image.newestNumber(), where);
        assertTrue(image.versions().size() <= BOUNDS.retainedVersions() + 3, where);
        assertTrue(image.history().size() <= BOUNDS.retainedHistory(), where);
        assertEquals(numbers().stream().sorted().distinct().toList(), numbers(), where);
    }

    private void assertPointsToVersion(int number, String where) {
        assertTrue(number == 0 || image.version(number).isPresent(), where + ": " + number + " in " + numbers());
    }

    private List<Integer> numbers() {
        return image.versions().stream().map(AdapterVersion::number).toList();
    }

    private void publish(int number, boolean held) {
        AdapterVersion version = AdapterVersion.next(
                image, image.newestNumber() + 1, new TestingOffers("support").offer(number), TestingOffers.PASSED, NOW);
        assertEquals(number, version.number());
        apply(new AdapterEvent.Published(NOW, version, held));
    }

    private void apply(AdapterEvent event) {
        image = image.apply(event, BOUNDS);
    }
}
