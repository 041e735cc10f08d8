package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows as the kernels read them, against the formats' own decoders. */
class CpuLinearWeightTest {
    private static final int OUT = 37;
    private static final int IN = 43;
    private final float[] values = TinyModel.gaussian(new Random(1), OUT * IN, 1);

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32", "BF16"})
    void rowsOfAQuantizedWeightAreTheDequantizedTensorThoughBlocksCrossThem(Precision precision) {
        QuantizedTensor tensor = QuantizationFormat.of(precision).quantize(HostTensor.matrix(OUT, IN, values));
        CpuLinearWeight weight = CpuLinearWeight.freeze(tensor);
        assertArrayEquals(tensor.dequantize().values(), rows(weight), 0f);
        assertEquals(tensor.bytes(), weight.bytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 128, 4096})
    void rowsAreRightForBlocksOfAnySizeAndLevelsOfTheirOwn(int blockSize) {
        BlockTensor made = BlockTensor.quantize(HostTensor.matrix(OUT, IN, values), Codebook.FP4, blockSize, true);
        float[] levels = made.levels();
        levels[3] = 0.99f;
        BlockTensor own = new BlockTensor(Codebook.FP4, levels, OUT, IN, blockSize, made.packed(), made.scales());
        assertArrayEquals(own.dequantize().values(), rows(CpuLinearWeight.freeze(own)), 0f);
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
        CpuLinearWeight weight = CpuLinearWeight.freeze(HostTensor.matrix(OUT, IN, values), Precision.NF4);
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
