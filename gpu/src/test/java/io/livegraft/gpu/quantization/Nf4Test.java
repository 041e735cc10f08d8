package io.livegraft.gpu.quantization;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Nf4Test {
    @Test
    void theCodebookIsBitsandbytesBitForBit() throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (float level : Nf4.codebook()) {
            bytes.putFloat(level);
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(bytes.flip());
        assertEquals(
                "8501941daa1b8a90ad1bbfeb632e5101b5dddbc4bb52d6e55abcfd777e60c06a",
                HexFormat.of().formatHex(digest.digest()));
    }

    @Test
    void theThresholdsAreTheMidpointsBitForBit() {
        String expected = "BF591CD8 BF1C5270 BEEB8480 BEADEA76 BE703CEC BE0D38BC BD3A7871 3D22FAFF 3DF64862 3E5067E0"
                + " 3E9582D4 3EC753F9 3F006D04 3F248DAF 3F5C89DA";
        StringBuilder bits = new StringBuilder();
        for (float threshold : Nf4.thresholds()) {
            bits.append(" %08X".formatted(Float.floatToRawIntBits(threshold)));
        }
        assertEquals(expected, bits.substring(1));
        for (int i = 0; i < 15; i++) {
            assertEquals(Nf4.thresholds()[i], (Nf4.value(i) + Nf4.value(i + 1)) / 2, "threshold " + i);
        }
    }

    @Test
    void packsTheFirstValueIntoTheHighNibble() {
        Nf4Tensor tensor = Nf4.quantize(new float[] {-2, 2, 0, 0.5f, 1}, 64, false);
        // −1, 1, 0, ¼ (nearest 0.246), ½ (0.441 is nearer than 0.563)
        assertArrayEquals(HexFormat.of().parseHex("0F7AC0"), tensor.packed());
        float[] out = new float[5];
        Nf4.dequantize(out, tensor);
        assertArrayEquals(new float[] {-2, 2, 0, 2 * Nf4.value(10), 2 * Nf4.value(12)}, out);
    }

    @Test
    void aValueOnAThresholdStaysBelowIt() {
        float[] values = new float[32];
        values[0] = 1;
        System.arraycopy(Nf4.thresholds(), 0, values, 1, 15);
        for (int i = 0; i < 15; i++) {
            values[16 + i] = Math.nextUp(Nf4.thresholds()[i]);
        }
        float[] out = roundTrip(values, 32, false);
        for (int i = 0; i < 15; i++) {
            assertEquals(Nf4.value(i), out[1 + i], "on threshold " + i);
            assertEquals(Nf4.value(i + 1), out[16 + i], "just above threshold " + i);
        }
    }

    @Test
    void everyValueBecomesItsNearestLevel() {
        Random random = new Random(11);
        float[] values = normal(random, 1021);
        for (int blockSize : new int[] {32, 64, 128, 4096}) {
            float[] out = roundTrip(values, blockSize, false);
            for (int i = 0; i < values.length; i++) {
                float scale = 0;
                int begin = i / blockSize * blockSize;
                for (int j = begin; j < Math.min(begin + blockSize, values.length); j++) {
                    scale = Math.max(scale, Math.abs(values[j]));
                }
                double nearest = Double.MAX_VALUE;
                for (float level : Nf4.codebook()) {
                    nearest = Math.min(nearest, Math.abs(level * scale - values[i]));
                }
                assertEquals(nearest, Math.abs(out[i] - values[i]), 1e-6 * scale, "value " + i + " of " + blockSize);
            }
        }
    }

    @Test
    void aBlockOfZerosDecodesToZeros() {
        for (boolean doubleQuantization : new boolean[] {false, true}) {
            assertArrayEquals(new float[100], roundTrip(new float[100], 64, doubleQuantization));
        }
        float[] half = new float[128];
        Arrays.fill(half, 0, 64, 3);
        assertArrayEquals(half, roundTrip(half, 64, false));
    }

    @Test
    void takesOneValueNoValueAndTheSmallestValues() {
        assertArrayEquals(new float[] {-5}, roundTrip(new float[] {-5}, 64, true));
        assertArrayEquals(new float[0], roundTrip(new float[0], 64, true));
        float[] tiny = {Float.MIN_VALUE, 0, -Float.MIN_VALUE};
        for (float value : roundTrip(tiny, 64, false)) {
            assertTrue(Math.abs(value) <= Float.MIN_VALUE, "is " + value);
        }
    }

    @Test
    void hasTheErrorsThatBitsandbytesMeasured() throws IOException {
        JsonNode expected = new JsonMapper()
                .readTree(SharedFiles.require("vectors/bitsandbytes/nf4_expectations.json")
                        .toFile());
        float[] values = normal(new Random(42), 1 << 20);
        for (Map.Entry<String, JsonNode> entry : expected.path("err").properties()) {
            float[] out = roundTrip(values, Integer.parseInt(entry.getKey()), false);
            double absolute = 0;
            double relative = 0;
            for (int i = 0; i < values.length; i++) {
                double error = Math.abs(values[i] - out[i]);
                absolute += error / values.length;
                relative += error / (Math.abs(values[i]) + 1e-8) / values.length;
            }
            assertWithin(entry.getValue(), absolute, "mean error with blocks of " + entry.getKey());
            JsonNode bound = expected.path("rel_err").path(entry.getKey());
            assertWithin(bound, relative, "mean relative error with blocks of " + entry.getKey());
        }
        assertEquals(8, expected.path("err").size());
    }

    /** Seven standard deviations, as their own test allows. */
    private static void assertWithin(JsonNode meanAndDeviation, double actual, String what) {
        double mean = meanAndDeviation.path(0).asDouble();
        assertEquals(mean, actual, 7 * meanAndDeviation.path(1).asDouble(), what);
    }

    @Test
    void hasTheRootMeanSquareErrorOfTheNormalDistribution() {
        float[] values = normal(new Random(7), 4 << 20);
        assertEquals(0.0920, rootMeanSquareError(values, roundTrip(values, 64, false)), 0.0002);
        assertEquals(0.0920, rootMeanSquareError(values, roundTrip(values, 64, true)), 0.0002);
    }

    @Test
    void refusesWhatItCanNotQuantize() {
        assertInvalidModel(
                "weight 2 is NaN, expected a finite value",
                () -> Nf4.quantize(new float[] {1, 2, Float.NaN}, 64, true));
        assertInvalidModel(
                "weight 0 is -Infinity", () -> Nf4.quantize(new float[] {Float.NEGATIVE_INFINITY}, 64, true));
        for (int blockSize : new int[] {0, 16, 48, 8192}) {
            assertThrows(IllegalArgumentException.class, () -> Nf4.quantize(new float[1], blockSize, true));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> new Nf4Tensor(new byte[1], 3, 64, new Nf4Tensor.AbsMax.Plain(new float[1])));
    }

    private static double rootMeanSquareError(float[] values, float[] out) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += Math.pow(values[i] - out[i], 2);
        }
        return Math.sqrt(sum / values.length);
    }

    private static float[] roundTrip(float[] values, int blockSize, boolean doubleQuantization) {
        float[] out = new float[values.length];
        Nf4.dequantize(out, Nf4.quantize(values, blockSize, doubleQuantization));
        return out;
    }

    private static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
