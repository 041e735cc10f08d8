package io.livegraft.gpu.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Draw.Adjustment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Where the points lie at which another token is drawn, beside the softmax in double precision. */
class HostSamplingTest {
    private static final double NEAR = 2e-6;

    private final HostSampling sampling = new HostSampling();

    @Test
    void everyTokenIsDrawnFromItsOwnStretchOfPoints() {
        for (int vocabulary : new int[] {1, 2, 5, 131}) {
            for (double temperature : new double[] {0.05, 0.7, 1, 2}) {
                for (int topK : new int[] {0, 1, 3, 130, 1000}) {
                    for (double topP : new double[] {1, 0.9, 0.3, 1e-9}) {
                        float[] logits = TinyModel.gaussian(new Random(vocabulary), vocabulary, 1);
                        assertStretches(logits, temperature, topK, topP);
                    }
                }
            }
        }
    }

    @Test
    void tokensOfEqualLogitsAreKeptByTheirIds() {
        float[] logits = new float[97];
        Arrays.fill(logits, 0.5f);
        logits[40] = 1;
        logits[3] = Float.NEGATIVE_INFINITY;
        for (double topP : new double[] {1, 0.5}) {
            assertStretches(logits, 1, 0, topP);
            assertStretches(logits, 1, 7, topP);
        }
    }

    @Test
    void adjustmentsHoldForTheDrawAlone() {
        float[] logits = {0, 1, 2};
        float[] before = logits.clone();
        Draw draw = new Draw(1, 1, 1, 0.5, List.of(new Adjustment(2, 0, -1.5f), new Adjustment(0, 3, -0.5f)));
        assertEquals(0, sampling.draw(logits, draw));
        assertArrayEquals(before, logits);
    }

    @Test
    void whatIsNoDistributionGivesTheFirstLargest() {
        float none = Float.NEGATIVE_INFINITY;
        for (int topK : new int[] {0, 2}) {
            Draw draw = new Draw(1, 0.9, topK, 0.99, List.of());
            assertEquals(0, sampling.draw(new float[] {none, none, none}, draw));
            assertEquals(1, sampling.draw(new float[] {0, Float.POSITIVE_INFINITY, 1}, draw));
        }
    }

    private void assertStretches(float[] logits, double temperature, int topK, double topP) {
        List<Integer> order = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing(id -> -logits[id]))
                .limit(topK == 0 ? logits.length : topK)
                .toList();
        double max = logits[order.getFirst()];
        double[] weights = order.stream()
                .mapToDouble(id -> Math.exp((logits[id] - max) / temperature))
                .toArray();
        double all = Arrays.stream(weights).sum();
        int kept = 0;
        double mass = 0;
        while (mass < (topP - 1e-9) * all) {
            mass += weights[kept++];
        }
        boolean everything = topP == 1 && (topK == 0 || topK >= logits.length);
        double sum = 0;
        for (int i = 0; i < kept; i++) {
            int id = everything ? i : order.get(i);
            double weight = everything ? Math.exp((logits[id] - max) / temperature) : weights[i];
            if (weight > 4 * NEAR * mass) {
                assertEquals(id, drawn(logits, temperature, topK, topP, sum / mass + NEAR), "from its first point");
                assertEquals(
                        id, drawn(logits, temperature, topK, topP, (sum + weight) / mass - NEAR), "to its last point");
            }
            sum += weight;
        }
    }

    private int drawn(float[] logits, double temperature, int topK, double topP, double point) {
        return sampling.draw(logits, new Draw(temperature, topP, topK, point, List.of()));
    }
}
