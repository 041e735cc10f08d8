package io.livegraft.gpu.quantization;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.tensor.HostTensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DoubleQuantizationTest {
    @Test
    void theMapHasTheKnownEntries() {
        float[] map = DoubleQuantization.map();
        assertEquals(256, map.length);
        assertEquals(-0.99296874f, map[0]);
        assertEquals(0, map[127]);
        assertEquals(5.5e-7f, map[128], 1e-13f);
        assertEquals(1, map[255]);
        int positive = 128;
        for (int decade = 0; decade < 7; decade++) {
            double floor = Math.pow(10, decade - 7);
            for (int i = 0; i < 1 << decade; i++, positive++) {
                assertTrue(map[positive] > floor && map[positive] < floor * 10, "entry " + positive);
                assertEquals(-map[positive], map[254 - positive], "the mirror of entry " + positive);
            }
        }
        assertEquals(255, positive);
    }

    @Test
    void everyScaleBecomesItsNearestEntry() {
        float[] scales = scales(new Random(3), 1021);
        Scales.Nested nested = DoubleQuantization.quantize(scales);
        assertEquals(4, nested.nested().length);
        float[] out = values(nested);
        for (int i = 0; i < scales.length; i++) {
            double nearest = Double.MAX_VALUE;
            for (float entry : DoubleQuantization.map()) {
                double value = entry * nested.nested()[i / 256] + nested.offset();
                nearest = Math.min(nearest, Math.abs(value - scales[i]));
            }
            assertEquals(nearest, Math.abs(out[i] - scales[i]), 1e-6, "scale " + i);
        }
    }

    @Test
    void changesTheScalesOfNormalWeightsByASixthOfAPercent() {
        Random random = new Random(7);
        float[] values = new float[2048 * 2048];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        HostTensor weight = HostTensor.matrix(2048, 2048, values);
        float[] plain =
                values(BlockTensor.quantize(weight, Codebook.NF4, 64, false).scales());
        float[] nested =
                values(BlockTensor.quantize(weight, Codebook.NF4, 64, true).scales());
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < plain.length; i++) {
            double relative = Math.abs(nested[i] - plain[i]) / plain[i];
            sum += relative;
            largest = Math.max(largest, relative);
        }
        assertEquals(0.0016, sum / plain.length, 0.0001);
        assertTrue(largest < 0.012, "largest is " + largest);
    }

    @Test
    void equalScalesAreKeptExactly() {
        float[] scales = {0.1f, 0.1f, 0.1f};
        assertArrayEquals(scales, values(DoubleQuantization.quantize(scales)));
        assertArrayEquals(new float[0], values(DoubleQuantization.quantize(new float[0])));
    }

    private static float[] values(Scales scales) {
        float[] values = new float[scales.count()];
        for (int block = 0; block < values.length; block++) {
            values[block] = scales.of(block);
        }
        return values;
    }

    private static float[] scales(Random random, int count) {
        float[] scales = new float[count];
        for (int i = 0; i < count; i++) {
            scales[i] = 2 + random.nextFloat();
        }
        return scales;
    }
}
