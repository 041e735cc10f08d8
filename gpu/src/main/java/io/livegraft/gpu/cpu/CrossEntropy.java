package io.livegraft.gpu.cpu;

import java.util.Arrays;

/** One row of logits at a time; they become their own gradient. Formula: {@code Backend.crossEntropy}. */
final class CrossEntropy {
    private CrossEntropy() {}

    /** Returns −log softmax of the target, nats; 0 when the target is −1. */
    static double row(CpuTensor logits, int n, int target, float gradientScale) {
        float[] x = logits.data();
        int from = logits.row(n);
        int count = logits.columns();
        if (target < 0) {
            Arrays.fill(x, from, from + count, 0f);
            return 0;
        }
        float max = Softmax.max(x, from, count);
        double shifted = (double) x[from + target] - max;
        VectorMath.expShifted(x, from, x, from, count, max);
        double sum = InterleavedSum.of(x, from, count);
        Softmax.scale(x, from, count, (float) (gradientScale / sum));
        x[from + target] -= gradientScale;
        return StrictMath.log(sum) - shifted;
    }
}
