package io.livegraft.gpu.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {0f, 2f, 1f, 2f, -1f};

    @Test
    void temperatureZeroTakesTheMostLikelyAndTheLowerOfATie() {
        assertEquals(1, new Sampler(SamplingSettings.greedy(1)).next(LOGITS));
    }

    @Test
    void theSameSeedDrawsTheSameTokensAndAnotherSeedOthers() {
        assertEquals(draws(1, 1, 0, 7), draws(1, 1, 0, 7));
        assertNotEquals(draws(1, 1, 0, 7), draws(1, 1, 0, 8));
    }

    @Test
    void topKKeepsTheMostLikelyOnly() {
        assertEquals(Set.of(1, 3), new TreeSet<>(draws(1, 1, 2, 3)));
    }

    @Test
    void topPKeepsTheSmallestSetThatReachesIt() {
        // p = 0.053, 0.39, 0.144, 0.39, 0.019
        assertEquals(Set.of(1, 3), new TreeSet<>(draws(1, 0.7, 0, 4)));
        assertEquals(Set.of(1), new TreeSet<>(draws(1, 0.3, 0, 5)));
    }

    @Test
    void frequenciesFollowTheSoftmaxOfTheTemperedLogits() {
        List<Integer> draws = draws(2, 1, 0, 6);
        double expected = Math.exp(1) / (2 * Math.exp(1) + 1 + Math.exp(0.5) + Math.exp(-0.5));
        double share = draws.stream().filter(id -> id == 1).count() / (double) draws.size();
        assertEquals(expected, share, 0.03);
    }

    @Test
    void whatMayBeDrawnIsWhatASortOfEverythingKeeps() {
        float[] logits = new float[997];
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextDouble();
        }
        for (int topK : new int[] {0, 1, 2, 40, 996}) {
            for (double topP : new double[] {0.01, 0.3, 0.9, 1}) {
                Sampler sampler = new Sampler(new SamplingSettings(1, 0.7, topP, topK, 5, List.of()));
                Set<Integer> kept = kept(logits, 0.7, topK, topP);
                Set<Integer> drawn = new TreeSet<>();
                for (int i = 0; i < 20 * kept.size(); i++) {
                    drawn.add(sampler.next(logits));
                }
                assertTrue(kept.containsAll(drawn), "top-k " + topK + ", top-p " + topP);
                assertTrue(drawn.size() >= 0.9 * kept.size(), drawn.size() + " of " + kept.size());
            }
        }
    }

    @Test
    void aBiasMovesALogitForTheDrawAlone() {
        float[] logits = LOGITS.clone();
        assertEquals(4, adjusted(new LogitAdjustment(0, 0, Map.of(4, 100.0))).next(logits));
        assertEquals(3, adjusted(new LogitAdjustment(0, 0, Map.of(1, -100.0))).next(logits));
        assertArrayEquals(LOGITS, logits);
    }

    @Test
    void penaltiesTakeWhatWasDrawnBeforeDown() {
        assertEquals(List.of(1, 3, 2, 1), greedy(new LogitAdjustment(1.5, 0, Map.of()), 4));
        assertEquals(List.of(1, 3, 1, 3, 2), greedy(new LogitAdjustment(0, 0.75, Map.of()), 5));
        assertEquals(List.of(1, 1, 1, 1), greedy(new LogitAdjustment(0, -1, Map.of()), 4));
    }

    @Test
    void theLikeliestComeFirstAndTheLowerOfATie() {
        assertArrayEquals(new int[] {1, 3, 2}, Sampler.likeliest(LOGITS, 3));
        assertEquals(5, Sampler.likeliest(LOGITS, 20).length);
    }

    private static List<Integer> greedy(LogitAdjustment adjustment, int count) {
        Sampler sampler = adjusted(adjustment);
        return IntStream.range(0, count).mapToObj(_ -> sampler.next(LOGITS)).toList();
    }

    private static Sampler adjusted(LogitAdjustment adjustment) {
        return new Sampler(new SamplingSettings(9, 0, 1, 0, 0, List.of(), adjustment, 0));
    }

    @Test
    void theSmallestTemperatureTakesTheLikeliest() {
        Sampler sampler = new Sampler(new SamplingSettings(1, Double.MIN_VALUE, 1, 0, 5, List.of()));
        assertEquals(2, sampler.next(new float[] {0f, 1f, 2f, -1f}));
    }

    private static Set<Integer> kept(float[] logits, double temperature, int topK, double topP) {
        List<Integer> order = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing(id -> -logits[id]))
                .limit(topK == 0 ? logits.length : topK)
                .toList();
        double[] weights = order.stream()
                .mapToDouble(id -> Math.exp(logits[id] / temperature))
                .toArray();
        double total = Arrays.stream(weights).sum();
        double sum = 0;
        int count = 0;
        while (sum < (topP - 1e-6) * total) {
            sum += weights[count++];
        }
        return Set.copyOf(order.subList(0, count));
    }

    @Test
    void settingsOutOfRangeAreRefusedWithTheirName() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new SamplingSettings(5, 3, 1, 0, 0, List.of()));
        assertEquals("temperature is 3.0, expected between 0 and 2", refused.getMessage());
    }

    private static List<Integer> draws(double temperature, double topP, int topK, long seed) {
        Sampler sampler = new Sampler(new SamplingSettings(1, temperature, topP, topK, seed, List.of()));
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            ids.add(sampler.next(LOGITS));
        }
        return ids;
    }

    @Test
    void theLargestLogitIsEnoughWhereNeitherChanceNorAdjustmentNorOtherTokensAreAskedFor() {
        LogitAdjustment biased = new LogitAdjustment(0, 0, Map.of(3, 1.0));
        assertTrue(SamplingSettings.greedy(1).takesLargest());
        assertFalse(new SamplingSettings(1, 0.1, 1, 0, 0, List.of()).takesLargest());
        assertFalse(new SamplingSettings(1, 0, 1, 0, 0, List.of(), biased, 0).takesLargest());
        assertFalse(new SamplingSettings(1, 0, 1, 0, 0, List.of(), LogitAdjustment.NONE, 1).takesLargest());
    }
}
