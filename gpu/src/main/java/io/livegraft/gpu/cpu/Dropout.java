package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.DropoutMask;

/** One row at a time. Formulas: {@code Backend.dropout} and {@link DropoutMask}. */
final class Dropout {
    private Dropout() {}

    static void forward(CpuTensor y, CpuTensor x, DropoutMask mask, int n) {
        float scale = (float) mask.scale();
        long first = (long) n * x.columns();
        for (int c = 0; c < x.columns(); c++) {
            y.data()[y.row(n) + c] = mask.keeps(first + c) ? x.data()[x.row(n) + c] * scale : 0f;
        }
    }

    static void backward(CpuTensor dx, CpuTensor dy, DropoutMask mask, int n) {
        float scale = (float) mask.scale();
        long first = (long) n * dx.columns();
        for (int c = 0; c < dx.columns(); c++) {
            if (mask.keeps(first + c)) {
                dx.data()[dx.row(n) + c] += dy.data()[dy.row(n) + c] * scale;
            }
        }
    }
}
