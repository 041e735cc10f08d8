package io.livegraft.gpu.quantization;

import io.livegraft.gpu.tensor.HostTensor;

/**
 * A weight in 8 bits with one scale per row (LLM.int8, arXiv 2208.07339, section 2; int8_vectorwise_quant and
 * int8_vectorwise_dequant in bitsandbytes' ops.py).
 * <pre>{@code
 *   SCB[r] = max_c |w[r,c]|      q[r,c] = round( w[r,c] · (127/SCB[r]) ), ties to even      ŵ[r,c] = q[r,c] · SCB[r] · (1/127)
 * }</pre>
 * Weights only: activations stay as they are, so there are no outlier columns. A row of zeros is zeros; 127/SCB is
 * the largest float at most, or a row of denormals would be none at all.
 *
 * @param values (rows, columns), −127 to 127 when made here
 * @param scales SCB, one per row
 */
public record RowTensor(int rows, int columns, byte[] values, float[] scales) implements QuantizedTensor {
    private static final float LARGEST = 127;
    private static final float RECIPROCAL = 1 / LARGEST;

    public RowTensor {
        if (values.length != Math.multiplyExact(rows, columns) || scales.length != rows) {
            throw new IllegalArgumentException("a matrix (%d,%d) needs %d bytes and %d scales, not %d and %d"
                    .formatted(rows, columns, rows * columns, rows, values.length, scales.length));
        }
    }

    /** Rounds every value of a matrix; refuses values that are not finite. */
    public static RowTensor quantize(HostTensor weight) {
        float[] from = weight.values();
        int columns = weight.columns();
        byte[] values = new byte[from.length];
        float[] scales = new float[weight.rows()];
        for (int row = 0; row < scales.length; row++) {
            int begin = row * columns;
            scales[row] = AbsMax.of(from, begin, begin + columns);
            float factor = scales[row] == 0 ? 0 : Math.min(LARGEST / scales[row], Float.MAX_VALUE);
            for (int i = begin; i < begin + columns; i++) {
                values[i] = (byte) Math.rint(from[i] * factor);
            }
        }
        return new RowTensor(weight.rows(), columns, values, scales);
    }

    /** What a row's values are to be multiplied with, rounded once: {@code SCB/127}. */
    public float factor(int row) {
        return (float) (scales[row] / (double) LARGEST);
    }

    /** One element, decoded. */
    public float value(int row, int column) {
        return values[row * columns + column] * scales[row] * RECIPROCAL;
    }

    @Override
    public HostTensor dequantize() {
        float[] out = new float[values.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                out[row * columns + column] = value(row, column);
            }
        }
        return HostTensor.matrix(rows, columns, out);
    }

    @Override
    public QuantizationFormat format() {
        return new QuantizationFormat.Rows();
    }

    @Override
    public long bytes() {
        return values.length + 4L * scales.length;
    }
}
