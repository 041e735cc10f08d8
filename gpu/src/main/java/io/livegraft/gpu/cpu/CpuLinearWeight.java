package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A frozen weight (out, in) that can be read as either side of its two products. */
sealed interface CpuLinearWeight extends LinearWeight
        permits Fp32Weight, Bf16Weight, BlockWeight, RowWeight, StripWeight {
    static CpuLinearWeight of(LinearWeight weight) {
        return (CpuLinearWeight) weight;
    }

    /** One weight for each of its products. */
    static List<CpuLinearWeight> of(List<LinearWeight> weights, int products) {
        if (weights.size() != products) {
            throw new IllegalArgumentException("%d weights for %d products".formatted(weights.size(), products));
        }
        return weights.stream().map(CpuLinearWeight::of).toList();
    }

    /** Keeps a weight in {@code precision}. */
    static CpuLinearWeight freeze(HostTensor weight, Precision precision) {
        int out = weight.rows();
        int in = weight.columns();
        return switch (precision) {
            case FP32 -> new Fp32Weight(out, in, weight.values());
            case BF16 -> Bf16Weight.round(out, in, weight.values());
            case NF4, NF4_SINGLE, FP4, INT8, INT4 ->
                freeze(QuantizationFormat.of(precision).quantize(weight));
        };
    }

    /** Keeps a quantized weight as it is. */
    static CpuLinearWeight freeze(QuantizedTensor weight) {
        return switch (weight) {
            case BlockTensor blocks -> new BlockWeight(blocks);
            case RowTensor rows -> new RowWeight(rows);
        };
    }

    /** Row {@code row} of the weight as float32, {@code inputFeatures} values with a distance of {@code stride}. */
    void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count);

    /** wᵀ (in, out): the right-hand side of {@code y = x · wᵀ}. */
    default PanelSource forward() {
        return new PanelSource() {
            @Override
            public int depth() {
                return inputFeatures();
            }

            @Override
            public int columns() {
                return outputFeatures();
            }

            @Override
            public void fill(float[] panel, int column, int width) {
                for (int c = 0; c < width; c++) {
                    decodeRow(panel, c, PanelProduct.WIDTH, column + c, 0, inputFeatures());
                }
            }
        };
    }

    /** w (out, in): the right-hand side of {@code dx = dy · w}. */
    default PanelSource backward() {
        return new PanelSource() {
            @Override
            public int depth() {
                return outputFeatures();
            }

            @Override
            public int columns() {
                return inputFeatures();
            }

            @Override
            public void fill(float[] panel, int column, int width) {
                for (int k = 0; k < outputFeatures(); k++) {
                    decodeRow(panel, k * PanelProduct.WIDTH, 1, k, column, width);
                }
            }
        };
    }

    /** Rows {@code first} to {@code first + count} as float32, columns {@code from} to {@code from + width}. */
    default void decode(MemorySegment out, int first, int count, int from, int width) {
        float[] row = new float[width];
        for (int r = 0; r < count; r++) {
            decodeRow(row, 0, 1, first + r, from, width);
            MemorySegment.copy(row, 0, out, ValueLayout.JAVA_FLOAT, (long) Float.BYTES * r * width, width);
        }
    }

    /** Rows {@code first} to {@code first + count} as bfloat16, rounded to nearest even, columns {@code from} to {@code from + width}. */
    default void decodeBf16(MemorySegment out, int first, int count, int from, int width) {
        float[] row = new float[width];
        for (int r = 0; r < count; r++) {
            decodeRow(row, 0, 1, first + r, from, width);
            Rounding.row(out, 2L * r * width, row, 0, width, 1);
        }
    }
}
