package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever arrives and leaves: bounds hold, everything that was taken ends, and nobody's tokens depend on it. */
class BatchingLawTest {
    private static final int SEEDS = 300;
    /** Enough for the longest answer alone, far too little for all places; and enough for all. */
    private static final int[] PAGES = {12, 100};

    private static final BatchingSettings SETTINGS = new BatchingSettings(
            8,
            24,
            16,
            4,
            new TenantSettings(
                    new TenantClasses(
                            new TenantClass("standard", 1, 8, 16, 0, Set.of()),
                            List.of(new TenantClass("paying", 4, 3, 6, 3000, Set.of("t0", "t1")))),
                    4));
    private static final Simulation.Load LOAD = new Simulation.Load(200, 0.5, 6, 24, 20, 1);
    private static final Simulation.Load CHOICES = new Simulation.Load(200, 0.2, 6, 24, 20, 4);

    @Test
    void whatIsTakenEndsWithItsOwnTokensAndBoundsHold() {
        int suspensions = 0;
        int completed = 0;
        int refused = 0;
        int late = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            Simulation simulation = run(Policy::new, seed % 2 == 0 ? LOAD : CHOICES, seed);
            suspensions += simulation.suspensions;
            completed += simulation.completed();
            refused += simulation.refused;
            late += simulation.late;
        }
        int least = SEEDS;
        assertTrue(suspensions > least && completed > least && refused > least && late > least);
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aMutantIsSeen(Function<BatchingSettings, Policy> mutant) {
        assertThrows(Throwable.class, () -> {
            for (int seed = 0; seed < SEEDS; seed++) {
                run(mutant, seed % 2 == 0 ? LOAD : CHOICES, seed);
            }
        });
    }

    static Stream<Function<BatchingSettings, Policy>> mutants() {
        return Stream.of(
                Mutants.FeedsTooMuch::new,
                Mutants.LeavesOutTheOldest::new,
                Mutants.KeepsTheEnded::new,
                Mutants.IgnoresPages::new,
                Mutants.Crowded::new,
                Mutants.NeverLate::new,
                Mutants.LetsEverybodyWait::new,
                Mutants.NeverResumes::new,
                Mutants.KnowsNoChoices::new);
    }

    private static Simulation run(Function<BatchingSettings, Policy> policy, Simulation.Load load, long seed) {
        Simulation simulation =
                new Simulation(SETTINGS, policy.apply(SETTINGS), PAGES[(int) (seed / 2 % 2)], load, seed);
        simulation.run();
        return simulation;
    }
}
