package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingShareTest {
    @ParameterizedTest
    @CsvSource({"0.1, 10, 50", "0.25, 10, 50", "0.5, 10, 50", "0.5, 7, 300"})
    void trainingHasItsShareOfTheTimeInWhichAnswersAreMade(double wanted, long turnNanos, long sliceNanos) {
        assertEquals(wanted, share(wanted, turnNanos, sliceNanos), 0.05 * wanted);
    }

    @ParameterizedTest
    @CsvSource({"1, 10, 50", "0.9, 50, 10"})
    void aSliceFollowsEachTurnAtMost(double wanted, long turnNanos, long sliceNanos) {
        assertEquals((double) sliceNanos / (sliceNanos + turnNanos), share(wanted, turnNanos, sliceNanos), 0.001);
    }

    private static double share(double wanted, long turnNanos, long sliceNanos) {
        TrainingShare share = new TrainingShare(wanted);
        long served = 0;
        long trained = 0;
        for (int turn = 0; turn < 10_000; turn++) {
            served += turnNanos;
            share.served(turnNanos);
            if (share.open()) {
                trained += sliceNanos;
                share.trained(sliceNanos);
            }
        }
        assertTrue(trained > 0);
        return (double) trained / (trained + served);
    }
}
