package io.livegraft.gpu.cpu;

/** Element by element, rows in order; the compiler vectorises both loops. Formulas: {@code Backend.addBias}. */
final class Bias {
    private Bias() {}

    static void add(CpuTensor y, CpuTensor bias, int n) {
        int row = y.row(n);
        for (int c = 0; c < y.columns(); c++) {
            y.data()[row + c] += bias.data()[bias.offset() + c];
        }
    }

    static void backward(CpuTensor dBias, CpuTensor dy) {
        for (int n = 0; n < dy.rows(); n++) {
            int row = dy.row(n);
            for (int c = 0; c < dy.columns(); c++) {
                dBias.data()[dBias.offset() + c] += dy.data()[row + c];
            }
        }
    }
}
