package io.livegraft.gpu.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** One row at a time; sums of a row in double precision, {@link InterleavedSum}. Formulas: {@code Backend.rmsNorm}. */
final class RmsNorm {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private RmsNorm() {}

    static void forward(
            Optional<ElementKernels> code,
            CpuTensor y,
            CpuTensor rstd,
            CpuTensor x,
            CpuTensor w,
            int n,
            float epsilon) {
        int columns = x.columns();
        if (code.isPresent()) {
            double[] totals = new double[InterleavedSum.CHAINS];
            MemorySegment row = x.memory(n * columns);
            code.get().norm().squares(row, columns, MemorySegment.ofArray(totals));
            float s = factor(InterleavedSum.ofSquares(totals, x.data(), x.row(n), columns), columns, epsilon);
            code.get().norm().scale(y.memory(n * columns), row, w.memory(0), columns, s);
            rstd.data()[rstd.row(n)] = s;
        } else {
            int row = x.row(n);
            double squares = InterleavedSum.ofProducts(x.data(), row, x.data(), row, columns);
            float s = factor(squares, columns, epsilon);
            scale(y, x, w, n, s);
            rstd.data()[rstd.row(n)] = s;
        }
    }

    private static float factor(double sumOfSquares, int columns, float epsilon) {
        return (float) (1 / Math.sqrt(sumOfSquares / columns + epsilon));
    }

    private static void scale(CpuTensor y, CpuTensor x, CpuTensor w, int n, float s) {
        int row = x.row(n);
        int to = y.row(n);
        for (int c = 0; c < x.columns(); c += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(c, x.columns());
            load(x, row + c, mask).mul(s).mul(load(w, w.offset() + c, mask)).intoArray(y.data(), to + c, mask);
        }
    }

    static void backward(CpuTensor dx, CpuTensor dy, CpuTensor x, CpuTensor w, CpuTensor rstd, int n) {
        int row = x.row(n);
        int up = dy.row(n);
        float s = rstd.data()[rstd.row(n)];
        double projection =
                InterleavedSum.ofProducts(s, x.data(), row, w.data(), w.offset(), dy.data(), up, x.columns());
        float mean = (float) (projection / x.columns());
        int to = dx.row(n);
        for (int c = 0; c < x.columns(); c += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(c, x.columns());
            FloatVector normalised = load(x, row + c, mask).mul(s);
            FloatVector weighted = load(w, w.offset() + c, mask).mul(load(dy, up + c, mask));
            load(dx, to + c, mask)
                    .add(weighted.sub(normalised.mul(mean)).mul(s))
                    .intoArray(dx.data(), to + c, mask);
        }
    }

    private static FloatVector load(CpuTensor tensor, int index, VectorMask<Float> mask) {
        return FloatVector.fromArray(SPECIES, tensor.data(), index, mask);
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
