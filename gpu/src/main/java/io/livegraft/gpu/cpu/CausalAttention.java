package io.livegraft.gpu.cpu;

import java.util.Arrays;

/** Attention of single heads, on top of {@link PanelProduct}; see {@code Backend.attention} for the formulas. */
final class CausalAttention {
    private CausalAttention() {}

    /** {@code out (count,D) = softmax(q·kᵀ/√D) · v} with queries at {@code position} and on. */
    static void forward(Matrix out, Matrix q, Matrix keysTransposed, Matrix v, int position, int window) {
        Matrix p = probabilities(q, keysTransposed, position, window);
        PanelProduct.run(out, p, v, 1, false);
    }

    /** Adds into dq, dk and dv of one query head and its key-value head. */
    static void backward(Matrix dq, Matrix dk, Matrix dv, Matrix dOut, Matrix q, Matrix k, Matrix v, int window) {
        int length = q.rows();
        Matrix p = probabilities(q, k.transposed(), 0, window);
        PanelProduct.run(dv, p.transposed(), dOut, 1, true);
        Matrix ds = square(length);
        PanelProduct.run(ds, dOut, v.transposed(), 1, false);
        for (int i = 0; i < length; i++) {
            int row = i * length;
            double projection = 0;
            for (int j = 0; j <= i; j++) {
                projection += (double) p.data()[row + j] * ds.data()[row + j];
            }
            for (int j = 0; j <= i; j++) {
                ds.data()[row + j] = p.data()[row + j] * (ds.data()[row + j] - (float) projection);
            }
            Arrays.fill(ds.data(), row + i + 1, row + length, 0f);
        }
        float scale = scale(q.columns());
        PanelProduct.run(dq, ds, k, scale, true);
        PanelProduct.run(dk, ds.transposed(), q, scale, true);
    }

    /** Row i holds softmax over the window that ends with key {@code position + i}, and zeros around. */
    private static Matrix probabilities(Matrix q, Matrix keysTransposed, int position, int window) {
        int length = keysTransposed.columns();
        float[] s = new float[q.rows() * length];
        Matrix scores = new Matrix(s, 0, length, 1, q.rows(), length);
        PanelProduct.run(scores, q, keysTransposed, scale(q.columns()), false);
        for (int i = 0; i < q.rows(); i++) {
            int end = Math.min(length, position + i + 1);
            int first = Math.max(0, position + i + 1 - window);
            Arrays.fill(s, i * length, i * length + first, 0f);
            softmax(s, i * length + first, end - first);
            Arrays.fill(s, i * length + end, (i + 1) * length, 0f);
        }
        return scores;
    }

    private static void softmax(float[] s, int from, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            max = Math.max(max, s[from + j]);
        }
        VectorMath.expShifted(s, from, s, from, count, max);
        double sum = 0;
        for (int j = 0; j < count; j++) {
            sum += s[from + j];
        }
        float inverse = (float) (1 / sum);
        for (int j = 0; j < count; j++) {
            s[from + j] *= inverse;
        }
    }

    private static float scale(int headDim) {
        return (float) (1 / Math.sqrt(headDim));
    }

    private static Matrix square(int length) {
        return new Matrix(new float[length * length], 0, length, 1, length, length);
    }
}
