package io.livegraft.gpu.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MomentsTest {
    private static final ParameterLayout LAYOUT = ParameterLayout.builder()
            .add("small", 1, 4095)
            .add("large", 3, 2000)
            .build();

    /** SOURCE: bitsandbytes' create_dynamic_map(signed=False), its first entries and its densest decade. */
    @Test
    void theUnsignedMapIsTheOneOfBitsandbytes() {
        DynamicMap map = DynamicMap.UNSIGNED;
        assertEquals(0f, map.value((byte) 0));
        assertEquals(3.25e-7f, map.value((byte) 1), 1e-13f);
        assertEquals(7.75e-7f, map.value((byte) 2), 1e-13f);
        assertEquals(2.125e-6f, map.value((byte) 3), 1e-12f);
        assertEquals(0.99648434f, map.value((byte) 254), 1e-6f);
        assertEquals(1f, map.value((byte) 255));
        for (int code = 1; code < 256; code++) {
            assertTrue(map.value((byte) code) > map.value((byte) (code - 1)));
        }
    }

    @Test
    void everyValueBecomesTheNearestEntryTimesItsBlocksAbsmax() {
        float[] values = TinyModel.gaussian(new Random(4), 1000, 0.01);
        BlockwiseCodes codes = BlockwiseCodes.quantize(values, DynamicMap.SIGNED);
        float[] decoded = codes.dequantize(DynamicMap.SIGNED);
        assertEquals(4, codes.absMax().length);
        for (int i = 0; i < values.length; i++) {
            float absMax = codes.absMax()[i / BlockwiseCodes.BLOCK];
            float best = Float.MAX_VALUE;
            for (int code = 0; code < 256; code++) {
                best = Math.min(best, Math.abs(values[i] / absMax - DynamicMap.SIGNED.value((byte) code)));
            }
            assertEquals(best, Math.abs(values[i] - decoded[i]) / absMax, 1e-6f);
        }
    }

    /** 1e-7 of the absmax is nearer to 0 than to the smallest entries, ±5.5e-7: codes 126 and 128 around 127. */
    @Test
    void aNegativeValueThatWouldRoundToZeroKeepsItsSign() {
        float[] values = {1, -1e-7f, 1e-7f, 0, -0f, -4e-7f};
        BlockwiseCodes codes = BlockwiseCodes.quantize(values, DynamicMap.SIGNED);
        assertArrayEquals(new byte[] {(byte) 255, 126, 127, 127, 127, 126}, codes.codes());
        assertEquals(-5.5e-7f, codes.dequantize(DynamicMap.SIGNED)[1], 1e-12f);
    }

    @Test
    void zerosStayExactlyZeroAlsoInABlockOfZerosAlone() {
        float[] values = new float[600];
        values[599] = 3;
        for (DynamicMap map : new DynamicMap[] {DynamicMap.SIGNED, DynamicMap.UNSIGNED}) {
            BlockwiseCodes codes = BlockwiseCodes.quantize(values, map);
            assertArrayEquals(new float[] {0, 0, 3}, codes.absMax());
            assertArrayEquals(values, codes.dequantize(map), 0f);
        }
    }

    @Test
    void onlyTensorsOfAtLeast4096ElementsAreQuantized() {
        Moments.Blockwise moments = assertInstanceOf(Moments.Blockwise.class, blockwise());
        assertInstanceOf(TensorMoments.Plain.class, moments.tensors().get(0));
        assertInstanceOf(TensorMoments.Quantized.class, moments.tensors().get(1));
        assertEquals(2 * 4 * 4095 + 2 * (6000 + 4 * 24), moments.bytes());
        assertEquals(8 * (4095 + 6000), moments().bytes());
        assertEquals(moments.bytes(), Moments.bytes(MomentPrecision.BLOCKWISE8, LAYOUT));
        assertEquals(moments().bytes(), Moments.bytes(MomentPrecision.FLOAT32, LAYOUT));
    }

    @Test
    void quantizingAgainWhatWasDequantizedChangesNothing() {
        Moments once = blockwise().in(MomentPrecision.FLOAT32, LAYOUT);
        Moments.Float32 first = assertInstanceOf(Moments.Float32.class, once);
        Moments again = once.in(MomentPrecision.BLOCKWISE8, LAYOUT).in(MomentPrecision.FLOAT32, LAYOUT);
        Moments.Float32 second = assertInstanceOf(Moments.Float32.class, again);
        assertArrayEquals(first.second(), second.second(), 0f);
    }

    private static Moments blockwise() {
        return moments().in(MomentPrecision.BLOCKWISE8, LAYOUT);
    }

    private static Moments.Float32 moments() {
        float[] m = TinyModel.gaussian(new Random(1), LAYOUT.size(), 0.1);
        float[] v = TinyModel.gaussian(new Random(2), LAYOUT.size(), 0.1);
        for (int i = 0; i < v.length; i++) {
            v[i] *= v[i];
        }
        return new Moments.Float32(m, v);
    }
}
