package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.quantization.Nf4;
import io.livegraft.gpu.tensor.Bf16;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows as the kernels read them, against the formats' own decoders. */
class CpuLinearWeightTest {
    private static final int OUT = 37;
    private static final int IN = 43;
    private final float[] values = TinyModel.gaussian(new Random(1), OUT * IN, 1);

    @Test
    void rowsOfAFourBitWeightAreTheDequantizedTensorThoughBlocksCrossThem() {
        float[] expected = new float[OUT * IN];
        Nf4.dequantize(expected, Nf4.quantize(values, Nf4.DEFAULT_BLOCK_SIZE, true));
        assertArrayEquals(expected, rows(Nf4Weight.quantize(OUT, IN, values)), 0f);
    }

    @Test
    void rowsOfABf16WeightAreTheRoundedValues() {
        float[] expected = new float[OUT * IN];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Bf16.toFloat(Bf16.fromFloat(values[i]));
        }
        assertArrayEquals(expected, rows(Bf16Weight.round(OUT, IN, values)), 0f);
    }

    @Test
    void partsOfARowAreWhereTheWholeRowHasThem() {
        Nf4Weight weight = Nf4Weight.quantize(OUT, IN, values);
        float[] row = new float[IN];
        weight.decodeRow(row, 0, 1, 11, 0, IN);
        float[] part = new float[3 * 17];
        weight.decodeRow(part, 2, 3, 11, 19, 17 - 1);
        for (int i = 0; i < 16; i++) {
            assertArrayEquals(new float[] {row[19 + i]}, new float[] {part[2 + 3 * i]}, 0f);
        }
    }

    private static float[] rows(CpuLinearWeight weight) {
        float[] out = new float[OUT * IN];
        for (int row = 0; row < OUT; row++) {
            weight.decodeRow(out, row * IN, 1, row, 0, IN);
        }
        return out;
    }
}
