package io.livegraft.gpu.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void constantStaysAtThePeakAfterALinearWarmup() {
        Schedule schedule = new Schedule.Constant(4);
        double[] expected = {0.1, 0.2, 0.3, 0.4, 0.4, 0.4};
        for (int t = 0; t < expected.length; t++) {
            assertEquals(expected[t], schedule.rate(0.4, t), 1e-15);
        }
        assertEquals(0.4, new Schedule.Constant(0).rate(0.4, 0));
    }

    @Test
    void cosineFallsFromThePeakThroughTheMiddleToTheFloorAndStaysThere() {
        Schedule schedule = new Schedule.Cosine(0, 100, 0.1);
        assertEquals(2, schedule.rate(2, 0), 1e-15);
        assertEquals(2 * (0.1 + 0.9 * (1 + Math.sqrt(0.5)) / 2), schedule.rate(2, 25), 1e-15);
        assertEquals(2 * 0.55, schedule.rate(2, 50), 1e-15);
        assertEquals(2 * 0.1, schedule.rate(2, 100), 1e-15);
        assertEquals(2 * 0.1, schedule.rate(2, 250), 1e-15);
    }

    @Test
    void warmupMultipliesTheCosine() {
        assertEquals(
                0.5 * new Schedule.Cosine(0, 100, 0).rate(1, 9), new Schedule.Cosine(20, 100, 0).rate(1, 9), 1e-15);
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Constant(-1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Cosine(0, 0, 0.1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Cosine(0, 10, 1.1));
        assertThrows(IllegalArgumentException.class, () -> new OptimizerSettings(1e-3, 0.9, 0.999, 1e-8, 0, 1, 0)
                .withLoraPlusRatio(0));
    }
}
