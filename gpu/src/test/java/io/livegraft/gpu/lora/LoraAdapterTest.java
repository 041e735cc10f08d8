package io.livegraft.gpu.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class LoraAdapterTest {
    private static final LoraConfig WIDE = new LoraConfig(4_000, 8, false, List.of("q_proj"));

    @Test
    void theLayoutFollowsTheRanksOfThePairs() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("layers.1.mlp.up_proj", 5);
        LoraConfig config = new LoraConfig(2, 4, false, List.of("up_proj")).withPatterns(ranks, new LinkedHashMap<>());
        assertEquals(
                List.of(
                        new ParameterLayout.Entry(up(0, "A"), 2, 20, 0),
                        new ParameterLayout.Entry(up(0, "B"), 28, 2, 40),
                        new ParameterLayout.Entry(up(1, "A"), 5, 20, 96),
                        new ParameterLayout.Entry(up(1, "B"), 28, 5, 196)),
                LoraAdapter.initial(config, TinyModel.CONFIG, 1).layout().entries());
    }

    private static String up(int layer, String part) {
        return "base_model.model.model.layers.%d.mlp.up_proj.lora_%s.weight".formatted(layer, part);
    }

    @Test
    void theUsualBeginningIsUniformWithinOneOverTheRootOfTheInputs() {
        double bound = 1 / Math.sqrt(20);
        Moments moments = moments(WIDE, bound);
        assertEquals(0, moments.mean, 4 * bound / Math.sqrt(3.0 * 160_000));
        assertEquals(bound * bound / 3, moments.variance, 0.01 * bound * bound / 3);
        assertEquals(1, moments.withinBound, "values within the bound");
    }

    @Test
    void theGaussianBeginningHasOneOverTheRankAsItsDeviation() {
        double deviation = 1 / 4_000.0;
        Moments moments = moments(WIDE.withInitialization(Initialization.GAUSSIAN), deviation);
        assertEquals(0, moments.mean, 4 * deviation / Math.sqrt(160_000));
        assertEquals(deviation * deviation, moments.variance, 0.015 * deviation * deviation);
        assertEquals(0.6827, moments.withinBound, 0.005, "values within one deviation");
    }

    /** Of all A; B is checked to be zero. */
    private static Moments moments(LoraConfig config, double bound) {
        LoraAdapter adapter = LoraAdapter.initial(config, TinyModel.CONFIG, 5);
        double sum = 0;
        double squares = 0;
        int within = 0;
        int count = 0;
        for (ParameterLayout.Entry entry : adapter.layout().entries()) {
            for (int i = entry.offset(); i < entry.offset() + entry.size(); i++) {
                float value = adapter.values()[i];
                if (entry.name().endsWith("lora_A.weight")) {
                    sum += value;
                    squares += value * value;
                    within += Math.abs(value) <= bound ? 1 : 0;
                    count++;
                } else {
                    assertEquals(0f, value);
                }
            }
        }
        assertEquals(160_000, count);
        return new Moments(sum / count, squares / count, (double) within / count);
    }

    private record Moments(double mean, double variance, double withinBound) {}

    @Test
    void theSeedMakesTheBits() {
        for (Initialization initialization : Initialization.values()) {
            LoraConfig config = WIDE.withInitialization(initialization);
            float[] values = LoraAdapter.initial(config, TinyModel.CONFIG, 5).values();
            assertArrayEquals(
                    values, LoraAdapter.initial(config, TinyModel.CONFIG, 5).values());
            float[] others = LoraAdapter.initial(config, TinyModel.CONFIG, 6).values();
            assertTrue(values[0] != others[0] && values[1] != others[1]);
        }
    }
}
