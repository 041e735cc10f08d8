package io.livegraft.gpu.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutMaskTest {
    private static final int ELEMENTS = 1 << 20;

    /** The JDK's SplittableRandom is SplitMix64 too. */
    @Test
    void theLotsAreThoseOfSplitMix64() {
        for (long seed : new long[] {0, 17, -1, Long.MIN_VALUE}) {
            SplittableRandom random = new SplittableRandom(seed);
            DropoutMask mask = new DropoutMask(0.5, seed);
            for (int i = 0; i < 1_000; i++) {
                assertEquals(random.nextDouble() >= 0.5, mask.keeps(i), "element " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.1, 0.5, 0.9})
    void keepsItsShareAndNeighboursAreIndependent(double probability) {
        DropoutMask mask = DropoutMask.of(probability, 5, 3);
        int kept = 0;
        int pairs = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            kept += mask.keeps(i) ? 1 : 0;
            pairs += mask.keeps(i) && mask.keeps(i + 1) ? 1 : 0;
        }
        double keep = 1 - probability;
        assertShare(keep, kept);
        assertShare(keep * keep, pairs);
        assertEquals(1, (double) kept / ELEMENTS * mask.scale(), 0.02, "the mean stays as it is");
    }

    @Test
    void neighbouringSeedsAndTensorsHaveIndependentMasks() {
        DropoutMask mask = DropoutMask.of(0.5, 5, 3);
        for (DropoutMask other : new DropoutMask[] {
            DropoutMask.of(0.5, 6, 3), DropoutMask.of(0.5, 5, 4), DropoutMask.of(0.5, 4, 4), new DropoutMask(0.5, 5)
        }) {
            for (int shift = 0; shift < 3; shift++) {
                int same = 0;
                for (int i = 0; i < ELEMENTS; i++) {
                    same += mask.keeps(i) == other.keeps(i + shift) ? 1 : 0;
                }
                assertShare(0.5, same);
            }
        }
    }

    /** Within four standard deviations and a half; fixed seeds, so it holds always or never. */
    private static void assertShare(double expected, int count) {
        double deviation = Math.sqrt(expected * (1 - expected) / ELEMENTS);
        assertEquals(expected, (double) count / ELEMENTS, 4.5 * deviation);
    }

    @Test
    void aProbabilityOfZeroKeepsAllAndOneIsRefused() {
        DropoutMask all = new DropoutMask(0, 17);
        for (int i = 0; i < 10_000; i++) {
            assertTrue(all.keeps(i));
        }
        assertEquals(1, all.scale());
        for (double probability : new double[] {1, -0.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> new DropoutMask(probability, 17));
        }
    }
}
