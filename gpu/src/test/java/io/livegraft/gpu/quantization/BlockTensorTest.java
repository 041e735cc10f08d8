package io.livegraft.gpu.quantization;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockTensorTest {
    @Test
    void packsTheFirstValueIntoTheHighNibble() {
        BlockTensor tensor = quantize(new float[] {-2, 2, 0, 0.5f, 1}, Codebook.NF4, 64, false);
        // −1, 1, 0, ¼ (nearest 0.246), ½ (0.441 is nearer than 0.563)
        assertArrayEquals(HexFormat.of().parseHex("0F7AC0"), tensor.packed());
        float[] levels = Codebook.NF4.levels();
        assertArrayEquals(
                new float[] {-2, 2, 0, 2 * levels[10], 2 * levels[12]},
                tensor.dequantize().values());
    }

    @Test
    void everyValueBecomesItsNearestLevelInBlocksOfAnySize() {
        float[] values = normal(11, 1021);
        for (int blockSize = 32; blockSize <= 4096; blockSize *= 2) {
            float[] out = roundTrip(values, Codebook.NF4, blockSize, false);
            for (int i = 0; i < values.length; i++) {
                float scale = 0;
                int begin = i / blockSize * blockSize;
                for (int j = begin; j < Math.min(begin + blockSize, values.length); j++) {
                    scale = Math.max(scale, Math.abs(values[j]));
                }
                double nearest = Double.MAX_VALUE;
                for (float level : Codebook.NF4.levels()) {
                    nearest = Math.min(nearest, Math.abs(level * scale - values[i]));
                }
                assertEquals(nearest, Math.abs(out[i] - values[i]), 1e-6 * scale, "value " + i + " of " + blockSize);
            }
        }
    }

    @Test
    void aBlockOfZerosDecodesToZeros() {
        for (Codebook codebook : Codebook.values()) {
            for (boolean doubleQuantization : new boolean[] {false, true}) {
                assertArrayEquals(new float[100], roundTrip(new float[100], codebook, 64, doubleQuantization));
            }
            float[] half = new float[128];
            Arrays.fill(half, 0, 64, 3);
            assertArrayEquals(half, roundTrip(half, codebook, 64, false));
        }
    }

    @Test
    void takesOneValueNoValueAndTheSmallestValues() {
        assertArrayEquals(new float[] {-5}, roundTrip(new float[] {-5}, Codebook.NF4, 64, true));
        assertArrayEquals(new float[0], roundTrip(new float[0], Codebook.NF4, 64, true));
        float[] tiny = {Float.MIN_VALUE, 0, -Float.MIN_VALUE};
        for (float value : roundTrip(tiny, Codebook.NF4, 64, false)) {
            assertTrue(Math.abs(value) <= Float.MIN_VALUE, "is " + value);
        }
    }

    /** One sample of 2^20 values, as their 200 samples were, within three deviations of their mean. */
    @Test
    void hasTheErrorsThatBitsandbytesMeasured() throws IOException {
        JsonNode expected = new JsonMapper()
                .readTree(SharedFiles.require("vectors/bitsandbytes/nf4_expectations.json")
                        .toFile());
        float[] values = normal(42, 1 << 20);
        for (Map.Entry<String, JsonNode> entry : expected.path("err").properties()) {
            float[] out = roundTrip(values, Codebook.NF4, Integer.parseInt(entry.getKey()), false);
            double absolute = 0;
            double relative = 0;
            for (int i = 0; i < values.length; i++) {
                double error = Math.abs(values[i] - out[i]);
                absolute += error / values.length;
                relative += error / (Math.abs(values[i]) + 1e-8) / values.length;
            }
            assertWithinThreeDeviations(entry.getValue(), absolute, "mean error with blocks of " + entry.getKey());
            JsonNode bound = expected.path("rel_err").path(entry.getKey());
            assertWithinThreeDeviations(bound, relative, "mean relative error with blocks of " + entry.getKey());
        }
        assertEquals(8, expected.path("err").size());
    }

    private static void assertWithinThreeDeviations(JsonNode meanAndDeviation, double actual, String what) {
        double mean = meanAndDeviation.path(0).asDouble();
        assertEquals(mean, actual, 3 * meanAndDeviation.path(1).asDouble(), what);
    }

    @Test
    void hasTheRootMeanSquareErrorsOfTheNormalDistribution() {
        float[] values = normal(7, 4 << 20);
        assertEquals(0.0920, rootMeanSquareError(values, roundTrip(values, Codebook.NF4, 64, false)), 0.0002);
        assertEquals(0.0920, rootMeanSquareError(values, roundTrip(values, Codebook.NF4, 64, true)), 0.0002);
        assertEquals(0.1077, rootMeanSquareError(values, roundTrip(values, Codebook.INT4, 64, false)), 0.0002);
        assertEquals(0.1220, rootMeanSquareError(values, roundTrip(values, Codebook.FP4, 64, false)), 0.0002);
    }

    @Test
    void takesTheBitsThatItSays() {
        HostTensor weight = HostTensor.matrix(512, 512, normal(1, 512 * 512));
        assertEquals(4.127, bitsPerValue(QuantizationFormat.of(Precision.NF4).quantize(weight)), 0.0005);
        assertEquals(
                4.5, bitsPerValue(QuantizationFormat.of(Precision.NF4_SINGLE).quantize(weight)));
        assertEquals(4.127, bitsPerValue(QuantizationFormat.of(Precision.FP4).quantize(weight)), 0.0005);
        assertEquals(4.5, bitsPerValue(QuantizationFormat.of(Precision.INT4).quantize(weight)));
        assertEquals(4.254, bitsPerValue(BlockTensor.quantize(weight, Codebook.NF4, 32, true)), 0.0005);
        assertEquals(4.0635, bitsPerValue(BlockTensor.quantize(weight, Codebook.NF4, 128, true)), 0.0005);
    }

    private static double bitsPerValue(QuantizedTensor tensor) {
        return 8.0 * tensor.bytes() / (tensor.rows() * tensor.columns());
    }

    @Test
    void saysWhichPrecisionItIs() {
        HostTensor weight = HostTensor.matrix(3, 5, normal(1, 15));
        for (Precision precision : Precision.values()) {
            if (precision == Precision.FP32 || precision == Precision.BF16) {
                assertThrows(IllegalArgumentException.class, () -> QuantizationFormat.of(precision)
                        .quantize(weight));
            } else {
                assertEquals(
                        precision,
                        QuantizationFormat.of(precision).quantize(weight).precision());
            }
            assertEquals(precision, Precision.of(precision.toString()));
        }
        assertEquals("nf4-single", Precision.NF4_SINGLE.toString());
    }

    @Test
    void refusesWhatItCanNotQuantize() {
        assertInvalidModel(
                "weight 2 is NaN, expected a finite value",
                () -> quantize(new float[] {1, 2, Float.NaN}, Codebook.NF4, 64, true));
        assertInvalidModel(
                "weight 0 is -Infinity",
                () -> RowTensor.quantize(HostTensor.matrix(1, 1, new float[] {Float.NEGATIVE_INFINITY})));
        for (int blockSize : new int[] {16, 48, 8192}) {
            assertThrows(IllegalArgumentException.class, () -> quantize(new float[1], Codebook.NF4, blockSize, true));
        }
        Scales oneScale = new Scales.Plain(new float[1]);
        assertThrows(
                IllegalArgumentException.class,
                () -> new BlockTensor(Codebook.NF4, Codebook.NF4.levels(), 1, 3, 64, new byte[1], oneScale));
    }

    private static double rootMeanSquareError(float[] values, float[] out) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += Math.pow(values[i] - out[i], 2);
        }
        return Math.sqrt(sum / values.length);
    }

    private static BlockTensor quantize(float[] values, Codebook codebook, int blockSize, boolean doubleQuantization) {
        return BlockTensor.quantize(
                HostTensor.matrix(1, values.length, values), codebook, blockSize, doubleQuantization);
    }

    private static float[] roundTrip(float[] values, Codebook codebook, int blockSize, boolean doubleQuantization) {
        return quantize(values, codebook, blockSize, doubleQuantization)
                .dequantize()
                .values();
    }

    private static float[] normal(long seed, int count) {
        return TinyModel.gaussian(new Random(seed), count, 1);
    }
}
