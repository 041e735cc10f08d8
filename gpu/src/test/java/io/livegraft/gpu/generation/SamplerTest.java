package io.livegraft.gpu.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
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
}
