package io.livegraft.simulation.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.simulation.swap.Difference.Quadruple;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DifferenceTest {
    @Test
    void aLinearDriftFallsOut() {
        Difference found =
                Difference.of(List.of(quadruple(10, 11, 12, 13), quadruple(14, 15, 16, 17)), Block::firstTokenMillis);
        assertEquals(0, found.difference(), 1e-12);
        assertEquals(0, found.halfWidth(), 1e-12);
        assertEquals(13.5, found.without(), 1e-12);
    }

    @Test
    void theIntervalIsStudents() {
        // Differences 1, 2, 3: mean 2, deviation 1; t of two degrees of freedom is 4.303.
        Difference found = Difference.of(
                List.of(quadruple(5, 6, 6, 5), quadruple(5, 7, 7, 5), quadruple(5, 8, 8, 5)), Block::firstTokenMillis);
        assertEquals(2, found.difference(), 1e-12);
        assertEquals(4.303 / Math.sqrt(3), found.halfWidth(), 1e-9);
    }

    @Test
    void oneQuadrupleSaysNothingOfItsError() {
        assertTrue(Double.isNaN(Difference.of(List.of(quadruple(1, 2, 2, 1)), Block::firstTokenMillis)
                .halfWidth()));
    }

    @Test
    void tokensAfterTheFirstShareTheRestOfTheTime() {
        Answer four = Answer.of("four", "length", List.of(-1f, -1f, -1f, -1f));
        Said said = new Said("a:1", "fp_0_1", true, four);
        Block block = Block.of(List.of(
                new Exchange.Answered(said, Duration.ofMillis(20), Duration.ofMillis(50)), new Exchange.Failed("503")));
        assertEquals(new Block(20, 10, 1), block);
    }

    @Test
    void theBoundOfAShareIsTheFirstBucketThatHoldsIt() {
        HoldUps all = HoldUps.of(Stream.of(
                "# TYPE livegraft_swap_hold_up_seconds histogram",
                "livegraft_swap_hold_up_seconds_bucket{part=\"before\",le=\"1.0E-5\"} 7",
                "livegraft_swap_hold_up_seconds_bucket{part=\"flip\",le=\"1.0E-5\"} 900",
                "livegraft_swap_hold_up_seconds_bucket{part=\"flip\",le=\"5.0E-5\"} 999",
                "livegraft_swap_hold_up_seconds_bucket{part=\"flip\",le=\"+Inf\"} 1000"));
        HoldUp found = all.flip();
        assertEquals(1000, found.count());
        assertEquals(7, all.before().count());
        assertEquals(0, all.after().count());
        assertEquals(10, found.boundMicros(0.5), 1e-9);
        assertEquals(50, found.boundMicros(0.999), 1e-9);
        assertTrue(Double.isInfinite(found.boundMicros(0.9999)));
        assertEquals(0, all.since(all).flip().count());
        assertEquals(all, all.since(HoldUps.of(Stream.empty())));
    }

    private static Quadruple quadruple(double... firstTokens) {
        return new Quadruple(
                new Block(firstTokens[0], 1, 0),
                new Block(firstTokens[1], 1, 0),
                new Block(firstTokens[2], 1, 0),
                new Block(firstTokens[3], 1, 0));
    }
}
