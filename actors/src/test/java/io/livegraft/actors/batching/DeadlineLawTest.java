package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.batching.Rush.Arrival;
import io.livegraft.actors.batching.Rush.Outcome;
import io.livegraft.actors.batching.SimulatedDevice.Wish;
import io.livegraft.gpu.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who can't be served in time is told so at once, and hardly anybody else: one refusal in twenty may be wrong, as the same rush
 * with that one request waiting on tells. Who is taken may still be overtaken by whoever comes later.
 */
class DeadlineLawTest {
    private static final int SEEDS = 5;
    private static final int PAGE_TOKENS = 16;
    private static final BatchingSettings SETTINGS = new BatchingSettings(
            4,
            1000,
            64,
            PAGE_TOKENS,
            new TenantSettings(
                    new TenantClasses(
                            new TenantClass("all", 1, 8, 1000, 0, Set.of()),
                            List.of(new TenantClass("paying", 3, 8, 1000, 0, Set.of("t0")))),
                    10));

    @Test
    void nearlyAllRefusalsAreRightAndMostWhoAreTakenBegin() {
        check(Policy::new);
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aMutantIsSeen(Function<BatchingSettings, Policy> mutant) {
        assertThrows(AssertionError.class, () -> check(mutant));
    }

    static Stream<Function<BatchingSettings, Policy>> mutants() {
        return Stream.of(Mutants.HopesForTheBest::new, Mutants.GivesUpTooSoon::new);
    }

    private static void check(Function<BatchingSettings, Policy> policy) {
        int refused = 0;
        int wronglyRefused = 0;
        int taken = 0;
        int inVain = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            List<Arrival> arrivals = Rush.arrivals(seed);
            List<Outcome> outcomes = outcomes(policy, arrivals);
            for (int i = 0; i < outcomes.size(); i++) {
                OptionalLong deadline = arrivals.get(i).wish().deadlineNanos();
                if (deadline.isEmpty()) {
                    continue;
                }
                if (outcomes.get(i).refused().isEmpty()) {
                    taken++;
                    inVain += outcomes.get(i).begunNanos().isEmpty() ? 1 : 0;
                } else {
                    assertEquals(
                            Optional.of(ErrorCode.DEADLINE_EXCEEDED),
                            outcomes.get(i).refused());
                    refused++;
                    Outcome patient = outcomes(policy, patient(arrivals, i)).get(i);
                    wronglyRefused += patient.begunNanos().getAsLong() < deadline.getAsLong() ? 1 : 0;
                }
            }
        }
        assertTrue(refused > 10 * SEEDS, () -> "the device is hardly ever full");
        assertTrue(wronglyRefused * 20 <= refused, wronglyRefused + " of " + refused + " would have been served");
        assertTrue(inVain * 10 <= taken * 3, inVain + " of " + taken + " waited in vain");
    }

    private static List<Outcome> outcomes(Function<BatchingSettings, Policy> policy, List<Arrival> arrivals) {
        return Rush.outcomes(policy.apply(SETTINGS), PAGE_TOKENS, arrivals);
    }

    /** The same, but one of them waits as long as it takes. */
    private static List<Arrival> patient(List<Arrival> arrivals, int one) {
        List<Arrival> changed = new ArrayList<>(arrivals);
        Arrival arrival = changed.get(one);
        Wish wish = arrival.wish();
        changed.set(
                one,
                new Arrival(
                        arrival.turn(),
                        new Wish(
                                wish.request(),
                                wish.tenant(),
                                wish.prompt(),
                                wish.answerTokens(),
                                OptionalLong.empty())));
        return changed;
    }

    @Test
    void nobodyIsRefusedWhileAPlaceIsFree() {
        Serving serving = new Serving(new Policy(SETTINGS), PAGE_TOKENS);
        IntStream.range(0, 50).forEach(i -> serving.ask("other", 4, 20));
        while (serving.there("other") > 3) {
            serving.turn();
        }
        assertEquals(Optional.empty(), serving.ask("late", 4, 20, OptionalLong.of(serving.nowNanos + 1)));
    }

    @Test
    void nobodyIsRefusedBeforeARateWasMeasured() {
        Serving serving = new Serving(new Policy(SETTINGS), PAGE_TOKENS);
        IntStream.range(0, 50).forEach(i -> serving.ask("other", 4, 20));
        OptionalLong soon = OptionalLong.of(serving.nowNanos + 1);
        assertEquals(Optional.empty(), serving.ask("other", 4, 20, soon));
        serving.turn();
        assertEquals(Optional.empty(), serving.ask("other", 4, 20, soon));
    }

    @Test
    void whatEndedWhileNobodyWaitedSaysNothing() {
        Serving serving = new Serving(new Policy(SETTINGS), PAGE_TOKENS);
        serving.ask("other", 4, 10_000); // never idle
        for (int i = 0; i < 100; i++) {
            serving.ask("slow", 4, 20);
            while (serving.there("slow") > 0) {
                serving.turn();
            }
        }
        IntStream.range(0, 6).forEach(i -> serving.ask("other", 4, 20));
        serving.turn();
        OptionalLong enough = OptionalLong.of(serving.nowNanos + 60_000_000);
        assertEquals(Optional.empty(), serving.ask("other", 4, 20, enough), "three at a time take 20 ms");
    }

    @Test
    void whoComesBackAsToldIsTaken() {
        Serving serving = new Serving(new Policy(SETTINGS), PAGE_TOKENS);
        for (int i = 0; i < 60; i++) {
            serving.ask("other", 4, 10 + i % 20);
        }
        while (serving.there("other") > 40) {
            serving.turn();
        }
        OptionalLong deadline = OptionalLong.of(serving.nowNanos + 20_000_000);
        Refusal refusal = serving.ask("other", 4, 20, deadline).orElseThrow();
        assertEquals(ErrorCode.DEADLINE_EXCEEDED, refusal.code());
        long until = serving.nowNanos + refusal.retryAfter().orElseThrow().toNanos();
        while (serving.nowNanos < until) {
            serving.turn();
        }
        OptionalLong later = OptionalLong.of(serving.nowNanos + 20_000_000);
        assertEquals(Optional.empty(), serving.ask("other", 4, 20, later));
    }
}
