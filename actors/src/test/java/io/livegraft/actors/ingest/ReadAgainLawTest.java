package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.ingest.SimulatedPartition.Rules;
import io.livegraft.actors.trainer.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Law 1 where a process ends at any moment and the next one reads again from the mark that happened to be committed, where trainers
 * stop when they are at rest, and where a partition moves to another node while the former one still saves what it has in hand: every
 * tenant ends in the state of an undisturbed reading. Trainers, what they tell and commits are late by any time.
 */
class ReadAgainLawTest {
    private static final int SEEDS = 3_000;

    @Test
    void endsInTheStateOfAnUndisturbedReading() {
        long ends = 0;
        long moves = 0;
        long rests = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedPartition partition = new SimulatedPartition(Rules.TRUE, seed);
            assertEquals(partition.undisturbed(), partition.run(), "seed " + seed);
            ends += partition.ends();
            moves += partition.moves();
            rests += partition.rests();
        }
        assertTrue(ends > SEEDS && moves > SEEDS / 2 && rests > SEEDS, ends + " ends, " + moves + " moves, " + rests);
    }

    @Test
    void aMarkAtTheFirstUnsavedEntryIsFound() {
        assertNotEquals(0, differing(Rules.TRUE.marking(ReadAgainLawTest::firstUnsaved)));
    }

    @Test
    void aMarkThatNoTenantHoldsIsFound() {
        assertNotEquals(0, differing(Rules.TRUE.marking((mark, awake) -> mark.value(List.of()))));
    }

    @Test
    void aTrainerThatStopsWithSomethingUnsavedIsFound() {
        assertNotEquals(0, differing(Rules.TRUE.evicting(tenant -> tenant.outstanding() == 0)));
    }

    @Test
    void aTrainerThatStopsWhileAnOfferIsDueIsFound() {
        assertNotEquals(
                0,
                differing(Rules.TRUE.evicting(tenant -> tenant.outstanding() == 0
                        && tenant.progress().filter(Trainer.Progress::settled).isPresent())));
    }

    @Test
    void aFormerOwnersOlderCheckpointInPlaceOfANewerOneIsFound() {
        assertNotEquals(0, differing(Rules.TRUE.keeping((before, after) -> after)));
    }

    @Test
    void anOwnerThatBeginsWhereTheFormerOneHadReadIsFound() {
        assertNotEquals(0, differing(Rules.TRUE.beginning((committed, read) -> read)));
    }

    private static long differing(Rules rules) {
        long differing = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedPartition partition = new SimulatedPartition(rules, seed);
            differing += partition.undisturbed().equals(partition.run()) ? 0 : 1;
        }
        return differing;
    }

    /** As if the checkpoint were all that a tenant needs to be woken with. */
    private static long firstUnsaved(LowWaterMark mark, AwakeTenants awake) {
        return awake.all().stream()
                .filter(tenant -> !tenant.atRest())
                .mapToLong(tenant -> tenant.progress()
                        .map(told -> Math.max(told.savedThrough() + 1, tenant.hold()))
                        .orElseGet(tenant::hold))
                .reduce(mark.value(List.of()), Math::min);
    }
}
