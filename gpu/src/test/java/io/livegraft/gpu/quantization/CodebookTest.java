package io.livegraft.gpu.quantization;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodebookTest {
    @Test
    void theLevelsOfNf4AreBitsandbytesBitForBit() throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (float level : Codebook.NF4.levels()) {
            bytes.putFloat(level);
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(bytes.flip());
        assertEquals(
                "8501941daa1b8a90ad1bbfeb632e5101b5dddbc4bb52d6e55abcfd777e60c06a",
                HexFormat.of().formatHex(digest.digest()));
    }

    @Test
    void theThresholdsOfNf4AreTheMidpointsBitForBit() {
        String expected = "BF591CD8 BF1C5270 BEEB8480 BEADEA76 BE703CEC BE0D38BC BD3A7871 3D22FAFF 3DF64862 3E5067E0"
                + " 3E9582D4 3EC753F9 3F006D04 3F248DAF 3F5C89DA";
        StringBuilder bits = new StringBuilder();
        float[] levels = Codebook.NF4.levels();
        float[] thresholds = Codebook.NF4.thresholds();
        for (int i = 0; i < 15; i++) {
            bits.append(" %08X".formatted(Float.floatToRawIntBits(thresholds[i])));
            assertEquals(thresholds[i], (levels[i] + levels[i + 1]) / 2, "threshold " + i);
        }
        assertEquals(expected, bits.substring(1));
    }

    @Test
    void theIndicesOfFp4AreSignExponentAndMantissa() {
        float[] twelfths = {0, 0.0625f, 8, 12, 4, 6, 2, 3};
        for (int i = 0; i < 8; i++) {
            assertEquals(twelfths[i] / 12, Codebook.FP4.levels()[i]);
            assertEquals(-twelfths[i] / 12, Codebook.FP4.levels()[i | 8] - 0f, 0f);
        }
        assertEquals(0b1011, Codebook.FP4.index(-1));
        assertEquals(0b0011, Codebook.FP4.index(1));
        assertEquals(0b1000, Codebook.FP4.index(-0.001f), "a small negative number keeps its sign");
        assertEquals(0b0000, Codebook.FP4.index(-0f));
    }

    @ParameterizedTest
    @EnumSource(Codebook.class)
    void everyLevelKeepsItsIndexAndAValueTakesTheNearestLevel(Codebook codebook) {
        float[] levels = codebook.levels();
        for (int i = -1000; i <= 1000; i++) {
            float value = i / 1000f;
            double nearest = Double.MAX_VALUE;
            for (float level : levels) {
                nearest = Math.min(nearest, Math.abs(level - value));
            }
            assertEquals(nearest, Math.abs(levels[codebook.index(value)] - value), 1e-6, codebook + " of " + value);
        }
        for (float level : levels) {
            if (Math.abs(level) <= 1) {
                assertEquals(level, levels[codebook.index(level)], 0f);
            }
        }
    }

    @Test
    void aValueOnAThresholdStaysBelowItAndInFp4NearerToZero() {
        for (Codebook codebook : Codebook.values()) {
            for (float threshold : codebook.thresholds()) {
                float on = codebook.levels()[codebook.index(threshold)];
                float above = codebook.levels()[codebook.index(Math.nextUp(threshold))];
                assertTrue(on < above || threshold < -1, codebook + " at " + threshold);
            }
        }
        for (float threshold : Codebook.FP4.thresholds()) {
            assertEquals(Codebook.FP4.index(threshold) | 8, Codebook.FP4.index(-threshold));
        }
    }

    @Test
    void int4HasFifteenEvenSteps() {
        for (int i = 1; i < 16; i++) {
            assertEquals((i - 8) / 7f, Codebook.INT4.levels()[i]);
        }
        assertEquals(1, Codebook.INT4.index(-1));
        assertEquals(8, Codebook.INT4.index(0.07f));
        assertEquals(9, Codebook.INT4.index(0.072f));
        assertEquals(15, Codebook.INT4.index(1));
    }
}
