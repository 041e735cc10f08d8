package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;

/** The specification of {@link ByteRowKernel}, one number after the other, from what the file has. */
final class ByteProduct {
    private static final float LARGEST = 127;
    private static final float LEAST = 0x1p-100f;

    private final QuantizedTensor weight;
    private final int outputs;
    private final int inputs;
    private final int block;

    ByteProduct(QuantizedTensor weight, int outputs, int inputs) {
        this.weight = weight;
        this.outputs = outputs;
        this.inputs = inputs;
        this.block = weight instanceof BlockTensor && inputs % 64 == 0 ? 64 : 32;
    }

    /** Rows' outputs, each row with magnitudes of its own. */
    float[] of(float[] x, int rows) {
        float[] y = new float[rows * outputs];
        for (int m = 0; m < rows; m++) {
            for (int o = 0; o < outputs; o++) {
                y[m * outputs + o] = element(x, o, m, m, m + 1);
            }
        }
        return y;
    }

    /** A mutant: rows beside each other have the same magnitudes. */
    float[] ofSharedMagnitudes(float[] x, int rows) {
        float[] y = new float[rows * outputs];
        for (int m = 0; m < rows; m++) {
            for (int o = 0; o < outputs; o++) {
                y[m * outputs + o] = element(x, o, m, 0, rows);
            }
        }
        return y;
    }

    /** Of row {@code m}; rows {@code from} to {@code to} have a part in magnitudes. */
    private float element(float[] x, int o, int m, int from, int to) {
        float y = 0;
        for (int k = 0; k < inputs; k += block) {
            float magnitude = magnitude(x, k, from, to);
            float inverse = LARGEST / magnitude;
            int sum = 0;
            for (int i = k; i < k + block; i++) {
                sum += (int) Math.rint(x[m * inputs + i] * inverse) * whole(o, i);
            }
            float scale = magnitude / LARGEST;
            y = switch (weight) {
                case BlockTensor blocks -> Math.fma(sum * scale, scale(blocks, o, k), y);
                case RowTensor _ -> Math.fma(sum, scale, y);
            };
        }
        return switch (weight) {
            case BlockTensor blocks -> y * Constants.step(blocks.levels());
            case RowTensor rows -> y * rows.factor(o);
        };
    }

    private float magnitude(float[] x, int k, int from, int to) {
        float magnitude = LEAST;
        for (int m = from; m < to; m++) {
            for (int i = k; i < k + block; i++) {
                magnitude = Math.max(magnitude, Math.abs(x[m * inputs + i]));
            }
        }
        return magnitude;
    }

    private float scale(BlockTensor blocks, int o, int k) {
        return blocks.scales().of((o * inputs + k) / blocks.blockSize());
    }

    private int whole(int o, int k) {
        int flat = o * inputs + k;
        return switch (weight) {
            case BlockTensor blocks -> {
                int pair = blocks.packed()[flat / 2];
                float level = blocks.levels()[(flat % 2 == 0 ? pair >> 4 : pair) & 0xF];
                yield (int) Math.rint(level / (double) Constants.step(blocks.levels()));
            }
            case RowTensor rows -> rows.values()[flat];
        };
    }
}
