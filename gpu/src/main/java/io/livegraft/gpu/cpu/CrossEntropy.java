package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExponentialKernel;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/** One row of logits at a time; they become their own gradient. Formula: {@code Backend.crossEntropy}. */
final class CrossEntropy {
    private static final int PIECE = 1_024;

    private CrossEntropy() {}

    /** Returns −log softmax of the target, nats; 0 when the target is −1. */
    static double row(Optional<ElementKernels> code, CpuTensor logits, int n, int target, float gradientScale) {
        float[] x = logits.data();
        int from = logits.row(n);
        int count = logits.columns();
        if (target < 0) {
            Arrays.fill(x, from, from + count, 0f);
            return 0;
        }
        float logit = x[from + target];
        double max;
        double sum;
        if (code.isPresent()) {
            ExponentialKernel exponential = code.get().exponential();
            MemorySegment row = logits.memory(n * count);
            max = Softmax.max(exponential, row, count);
            double[] totals = new double[InterleavedSum.CHAINS];
            exponential.run(row, row, count, (float) max, MemorySegment.ofArray(totals));
            sum = InterleavedSum.of(totals, x, from, count);
            exponential.scale(row, count, (float) (gradientScale / sum));
        } else {
            max = Softmax.max(x, from, count);
            VectorMath.expShifted(x, from, x, from, count, (float) max);
            sum = InterleavedSum.of(x, from, count);
            Softmax.scale(x, from, count, (float) (gradientScale / sum));
        }
        x[from + target] -= gradientScale;
        return StrictMath.log(sum) - (logit - max);
    }

    /** The first column with the row's largest value. */
    static int largest(Optional<ElementKernels> code, CpuTensor logits, int n) {
        int from = logits.row(n);
        int last = logits.columns() - 1;
        float max = code.isPresent()
                ? Softmax.max(code.get().exponential(), logits.memory(n * logits.columns()), logits.columns())
                : Softmax.max(logits.data(), from, logits.columns());
        int column = 0;
        while (column < last && logits.data()[from + column] != max) {
            column++;
        }
        return column;
    }

    /** {@code max + ln Σ e^(x − max)}, a piece of the row after the other. */
    static double logSumExp(Optional<ElementKernels> code, CpuTensor logits, int n) {
        return code.isPresent() ? logSumExp(code.get().exponential(), logits, n) : logSumExp(logits, n);
    }

    private static double logSumExp(ExponentialKernel code, CpuTensor logits, int n) {
        int first = n * logits.columns();
        float max = Softmax.max(code, logits.memory(first), logits.columns());
        float[] piece = new float[PIECE];
        double[] totals = new double[InterleavedSum.CHAINS];
        double sum = 0;
        for (int at = 0; at < logits.columns(); at += PIECE) {
            int count = Math.min(PIECE, logits.columns() - at);
            MemorySegment x = logits.memory(first + at);
            code.run(MemorySegment.ofArray(piece), x, count, max, MemorySegment.ofArray(totals));
            sum += InterleavedSum.of(totals, piece, 0, count);
        }
        return max + StrictMath.log(sum);
    }

    private static double logSumExp(CpuTensor logits, int n) {
        int from = logits.row(n);
        float max = Softmax.max(logits.data(), from, logits.columns());
        float[] piece = new float[PIECE];
        double sum = 0;
        for (int at = 0; at < logits.columns(); at += PIECE) {
            int count = Math.min(PIECE, logits.columns() - at);
            VectorMath.expShifted(piece, 0, logits.data(), from + at, count, max);
            sum += InterleavedSum.of(piece, 0, count);
        }
        return max + StrictMath.log(sum);
    }
}
