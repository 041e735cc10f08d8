package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A refused request is told when to come back, and whoever does finds a place if nobody else came. */
class RetryAfterTest {
    private static final int PAGE_TOKENS = 16;

    @Test
    void whoComesBackToAFullNodeAsToldIsTaken() {
        Serving serving = serving(2, 10, new TenantClass("all", 1, 8, 10, 0, Set.of()));
        fill(serving, 12);
        while (serving.there("other") == 12) {
            serving.turn();
        }
        serving.ask("other", 4, 20);
        Refusal refusal = serving.ask("late", 4, 20).orElseThrow();
        assertEquals(ErrorCode.OVERLOADED, refusal.code());
        waitFor(serving, refusal.retryAfter().orElseThrow());
        assertEquals(Optional.empty(), serving.ask("late", 4, 20));
    }

    @Test
    void nothingIsToldBeforeTheFirstAnswerEnded() {
        Serving serving = serving(2, 10, new TenantClass("all", 1, 8, 10, 0, Set.of()));
        fill(serving, 12);
        assertEquals(Optional.empty(), serving.ask("late", 4, 20).orElseThrow().retryAfter());
    }

    @Test
    void whoHasUsedTheTokensOfAMinuteIsTakenAfterTheTimeTold() {
        Serving serving = serving(2, 10, new TenantClass("all", 1, 8, 10, 600, Set.of()));
        while (serving.ask("greedy", 50, 50).isEmpty()) {
            serving.turn();
            while (serving.there("greedy") > 0) {
                serving.turn();
            }
        }
        Refusal refusal = serving.ask("greedy", 50, 50).orElseThrow();
        assertEquals(ErrorCode.QUOTA_EXCEEDED, refusal.code());
        assertEquals(Optional.empty(), serving.ask("modest", 50, 50), "others are not concerned");
        Duration told = refusal.retryAfter().orElseThrow();
        serving.nowNanos += told.toNanos() - 1_000_000;
        assertTrue(serving.ask("greedy", 50, 50).isPresent(), "it is not told longer than needed");
        serving.nowNanos += 1_000_000;
        assertEquals(Optional.empty(), serving.ask("greedy", 50, 50));
    }

    @Test
    void aTenantHasOnlyItsOwnPartOfTheQueue() {
        Serving serving = serving(1, 100, new TenantClass("all", 1, 8, 3, 0, Set.of()));
        IntStream.range(0, 3).forEach(i -> serving.ask("greedy", 4, 4));
        assertEquals(
                ErrorCode.QUOTA_EXCEEDED,
                serving.ask("greedy", 4, 4).orElseThrow().code());
        assertEquals(Optional.empty(), serving.ask("modest", 4, 4));
    }

    private static void fill(Serving serving, int answers) {
        for (int i = 0; i < answers; i++) {
            serving.ask("other", 4, 20);
            if (i == 1) {
                serving.turn(); // two places are taken, ten wait
            }
        }
    }

    private static void waitFor(Serving serving, Duration duration) {
        long until = serving.nowNanos + duration.toNanos();
        while (serving.nowNanos < until) {
            serving.turn();
        }
    }

    private static Serving serving(int places, int waiting, TenantClass kind) {
        return new Serving(
                new Policy(new BatchingSettings(
                        places, waiting, 64, PAGE_TOKENS, new TenantSettings(new TenantClasses(kind, List.of()), 10))),
                PAGE_TOKENS);
    }
}
