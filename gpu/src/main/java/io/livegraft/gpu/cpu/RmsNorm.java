package io.livegraft.gpu.cpu;

/** One row at a time; sums in double precision, in order of the channel. Formulas: {@code Backend.rmsNorm}. */
final class RmsNorm {
    private RmsNorm() {}

    static void forward(CpuTensor y, CpuTensor rstd, CpuTensor x, CpuTensor w, int n, float epsilon) {
        int row = x.row(n);
        double sumOfSquares = InterleavedSum.ofProducts(x.data(), row, x.data(), row, x.columns());
        float s = (float) (1 / Math.sqrt(sumOfSquares / x.columns() + epsilon));
        int to = y.row(n);
        for (int c = 0; c < x.columns(); c++) {
            y.data()[to + c] = x.data()[row + c] * s * w.data()[w.offset() + c];
        }
        rstd.data()[rstd.row(n)] = s;
    }

    static void backward(CpuTensor dx, CpuTensor dy, CpuTensor x, CpuTensor w, CpuTensor rstd, int n) {
        int row = x.row(n);
        int up = dy.row(n);
        float s = rstd.data()[rstd.row(n)];
        double projection = 0;
        for (int c = 0; c < x.columns(); c++) {
            projection += (double) (x.data()[row + c] * s) * (w.data()[w.offset() + c] * dy.data()[up + c]);
        }
        float mean = (float) (projection / x.columns());
        int to = dx.row(n);
        for (int c = 0; c < x.columns(); c++) {
            float normalised = x.data()[row + c] * s;
            dx.data()[to + c] += s * (w.data()[w.offset() + c] * dy.data()[up + c] - normalised * mean);
        }
    }

    static void weightBackward(CpuTensor dw, CpuTensor dy, CpuTensor x, CpuTensor rstd) {
        for (int n = 0; n < x.rows(); n++) {
            float s = rstd.data()[rstd.row(n)];
            for (int c = 0; c < x.columns(); c++) {
                dw.data()[dw.offset() + c] += x.data()[x.row(n) + c] * s * dy.data()[dy.row(n) + c];
            }
        }
    }
}
