package io.livegraft.simulation.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class FreshnessTest {
    private final Freshness freshness = new Freshness();

    @Test
    void anEventIsServedByTheFirstAnswerOfAVersionThatContainsIt() {
        freshness.sent("harbor", 0, 5, 1_000);
        freshness.contains("harbor", 1, 0, 4);
        freshness.contains("harbor", 2, 0, 5);
        freshness.contains("harbor", 3, 0, 9);
        freshness.answered("harbor", 1, 1_500);
        freshness.answered("harbor", 3, 9_000);
        freshness.answered("harbor", 2, 4_000);
        freshness.answered("harbor", 2, 3_500);
        assertEquals(OptionalDouble.of(2.5), freshness.all().max());
    }

    @Test
    void aLaterVersionServesWhatAnUnaskedOneWouldHave() {
        freshness.sent("harbor", 0, 5, 1_000);
        freshness.contains("harbor", 1, 0, 5);
        freshness.contains("harbor", 2, 0, 8);
        freshness.answered("harbor", 2, 2_000);
        assertEquals(OptionalDouble.of(1.0), freshness.all().p50());
    }

    @Test
    void offsetsOfAnotherPartitionOrTenantSayNothing() {
        freshness.sent("harbor", 0, 5, 1_000);
        freshness.contains("harbor", 1, 1, 100);
        freshness.answered("harbor", 1, 2_000);
        freshness.contains("ledger", 1, 0, 100);
        freshness.answered("ledger", 1, 2_000);
        assertEquals(1, freshness.all().unserved());
        assertTrue(freshness.all().max().isEmpty());
    }

    @Test
    void anAnswerMayComeBeforeTheVersionIsListed() {
        freshness.answered("harbor", 1, 3_000);
        freshness.sent("harbor", 0, 5, 1_000);
        assertEquals(1, freshness.all().unserved());
        freshness.contains("harbor", 1, 0, 5);
        assertEquals(OptionalDouble.of(2.0), freshness.of("harbor").max());
    }

    @Test
    void theBaseAloneContainsNothing() {
        freshness.sent("harbor", 0, 0, 1_000);
        freshness.answered("harbor", 0, 2_000);
        assertEquals(1, freshness.all().unserved());
    }

    @Test
    void percentilesAreNearestRanks() {
        for (int i = 1; i <= 200; i++) {
            freshness.sent("harbor", 0, i, 100_000 - i * 10L);
        }
        freshness.contains("harbor", 1, 0, 200);
        freshness.answered("harbor", 1, 100_000);
        Freshness.Summary summary = freshness.all();
        assertEquals(OptionalDouble.of(1.0), summary.p50());
        assertEquals(OptionalDouble.of(1.98), summary.p99());
        assertEquals(OptionalDouble.of(2.0), summary.max());
        assertEquals(200, summary.served());
    }
}
