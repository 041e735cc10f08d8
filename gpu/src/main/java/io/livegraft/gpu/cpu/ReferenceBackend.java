package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;

/**
 * The specification: every operation as its formula in {@link io.livegraft.gpu.backend.Backend} says it, scalar, with
 * double accumulators and no cleverness. Other backends are tested against it.
 */
public final class ReferenceBackend extends CpuMemory {
    @Override
    public String profile() {
        return "cpu-reference-1";
    }

    @Override
    public void add(Tensor y, Tensor x) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor in = CpuTensor.of(x).requireShapeOf(out);
        for (int i = 0; i < out.size(); i++) {
            out.data()[out.offset() + i] += in.data()[in.offset() + i];
        }
    }

    @Override
    public void multiply(
            Tensor c, Tensor a, Operand aOperand, Tensor b, Operand bOperand, float scale, boolean accumulate) {
        product(
                CpuTensor.of(c).matrix(Operand.PLAIN),
                CpuTensor.of(a).matrix(aOperand),
                CpuTensor.of(b).matrix(bOperand),
                scale,
                accumulate);
    }

    @Override
    public void linear(Tensor y, Tensor x, LinearWeight w) {
        product(plain(y), plain(x), decode(w).transposed(), 1, false);
    }

    @Override
    public void linearBackward(Tensor dx, Tensor dy, LinearWeight w) {
        product(plain(dx), plain(dy), decode(w), 1, true);
    }

    @Override
    public void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon) {
        Matrix in = plain(x);
        for (int n = 0; n < in.rows(); n++) {
            double sumOfSquares = 0;
            for (int c = 0; c < in.columns(); c++) {
                sumOfSquares += square(at(in, n, c));
            }
            double s = 1 / Math.sqrt(sumOfSquares / in.columns() + epsilon);
            set(plain(rstd), n, 0, s);
            for (int c = 0; c < in.columns(); c++) {
                set(plain(y), n, c, at(in, n, c) * s * at(plain(w), 0, c));
            }
        }
    }

    @Override
    public void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor w, Tensor rstd) {
        Matrix in = plain(x);
        for (int n = 0; n < in.rows(); n++) {
            double s = at(plain(rstd), n, 0);
            double projection = 0;
            for (int c = 0; c < in.columns(); c++) {
                projection += at(in, n, c) * s * at(plain(w), 0, c) * at(plain(dy), n, c);
            }
            for (int c = 0; c < in.columns(); c++) {
                double normalised = at(in, n, c) * s;
                double direct = at(plain(w), 0, c) * at(plain(dy), n, c);
                increase(plain(dx), n, c, s * (direct - normalised * projection / in.columns()));
            }
        }
    }

    @Override
    public void rmsNormWeightBackward(Tensor dw, Tensor dy, Tensor x, Tensor rstd) {
        Matrix in = plain(x);
        for (int c = 0; c < in.columns(); c++) {
            double sum = 0;
            for (int n = 0; n < in.rows(); n++) {
                sum += at(in, n, c) * at(plain(rstd), n, 0) * at(plain(dy), n, c);
            }
            increase(plain(dw), 0, c, sum);
        }
    }

    @Override
    public void rotate(Tensor x, int[] positions, Rope rope, boolean inverse) {
        Matrix heads = plain(x);
        int half = rope.headDim() / 2;
        for (int n = 0; n < positions.length; n++) {
            for (int head = 0; head < heads.columns(); head += rope.headDim()) {
                for (int i = 0; i < half; i++) {
                    double angle = inverse ? -rope.angle(positions[n], i) : rope.angle(positions[n], i);
                    double a = at(heads, n, head + i);
                    double b = at(heads, n, head + half + i);
                    set(heads, n, head + i, a * Math.cos(angle) - b * Math.sin(angle));
                    set(heads, n, head + half + i, b * Math.cos(angle) + a * Math.sin(angle));
                }
            }
        }
    }

    @Override
    public void swiGlu(Tensor y, Tensor gate, Tensor up) {
        Matrix out = plain(y);
        for (int n = 0; n < out.rows(); n++) {
            for (int c = 0; c < out.columns(); c++) {
                double g = at(plain(gate), n, c);
                set(out, n, c, g * sigmoid(g) * at(plain(up), n, c));
            }
        }
    }

    @Override
    public void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up) {
        Matrix d = plain(dy);
        for (int n = 0; n < d.rows(); n++) {
            for (int c = 0; c < d.columns(); c++) {
                double g = at(plain(gate), n, c);
                double s = sigmoid(g);
                increase(plain(dUp), n, c, at(d, n, c) * g * s);
                increase(plain(dGate), n, c, at(d, n, c) * at(plain(up), n, c) * s * (1 + g * (1 - s)));
            }
        }
    }

    @Override
    public void attention(Tensor out, Tensor q, KvCache cache, int layer, int position, int window) {
        CpuKvCache kv = CpuKvCache.of(cache);
        int dim = kv.headDim();
        int group = q.columns() / dim / kv.kvHeads();
        int length = position + q.rows();
        for (int h = 0; h < q.columns() / dim; h++) {
            attend(
                    CpuTensor.of(out).columnBlock(h * dim, dim),
                    CpuTensor.of(q).columnBlock(h * dim, dim),
                    kv.keysTransposed(layer, h / group, 0, length).transposed(),
                    kv.values(layer, h / group, 0, length),
                    position,
                    window);
        }
    }

    @Override
    public void attention(Tensor out, Tensor q, Tensor k, Tensor v, int headDim, int window) {
        int group = q.columns() / k.columns();
        for (int h = 0; h < q.columns() / headDim; h++) {
            attend(
                    CpuTensor.of(out).columnBlock(h * headDim, headDim),
                    CpuTensor.of(q).columnBlock(h * headDim, headDim),
                    CpuTensor.of(k).columnBlock(h / group * headDim, headDim),
                    CpuTensor.of(v).columnBlock(h / group * headDim, headDim),
                    0,
                    window);
        }
    }

    private static void attend(Matrix out, Matrix q, Matrix k, Matrix v, int position, int window) {
        for (int i = 0; i < q.rows(); i++) {
            double[] p = probabilities(q, i, k, position + i, window);
            for (int d = 0; d < q.columns(); d++) {
                double sum = 0;
                for (int j = 0; j < p.length; j++) {
                    sum += p[j] * at(v, j, d);
                }
                set(out, i, d, sum);
            }
        }
    }

    @Override
    public void attentionBackward(
            Tensor dq, Tensor dk, Tensor dv, Tensor dOut, Tensor q, Tensor k, Tensor v, int headDim, int window) {
        int group = q.columns() / k.columns();
        for (int h = 0; h < q.columns() / headDim; h++) {
            int column = h * headDim;
            int kvColumn = h / group * headDim;
            headBackward(
                    CpuTensor.of(dq).columnBlock(column, headDim),
                    CpuTensor.of(dk).columnBlock(kvColumn, headDim),
                    CpuTensor.of(dv).columnBlock(kvColumn, headDim),
                    CpuTensor.of(dOut).columnBlock(column, headDim),
                    CpuTensor.of(q).columnBlock(column, headDim),
                    CpuTensor.of(k).columnBlock(kvColumn, headDim),
                    CpuTensor.of(v).columnBlock(kvColumn, headDim),
                    window);
        }
    }

    private static void headBackward(
            Matrix dq, Matrix dk, Matrix dv, Matrix dOut, Matrix q, Matrix k, Matrix v, int window) {
        double scale = 1 / Math.sqrt(q.columns());
        for (int i = 0; i < q.rows(); i++) {
            double[] p = probabilities(q, i, k, i, window);
            double[] dp = new double[p.length];
            double projection = 0;
            for (int j = 0; j < p.length; j++) {
                for (int d = 0; d < q.columns(); d++) {
                    dp[j] += at(dOut, i, d) * at(v, j, d);
                    increase(dv, j, d, p[j] * at(dOut, i, d));
                }
                projection += p[j] * dp[j];
            }
            for (int j = 0; j < p.length; j++) {
                double ds = p[j] * (dp[j] - projection) * scale;
                for (int d = 0; d < q.columns(); d++) {
                    increase(dq, i, d, ds * at(k, j, d));
                    increase(dk, j, d, ds * at(q, i, d));
                }
            }
        }
    }

    /** Of the keys up to the query's own position; 0 for those before its window. */
    private static double[] probabilities(Matrix q, int row, Matrix k, int position, int window) {
        double[] scores = new double[position + 1];
        int first = Math.max(0, position + 1 - window);
        double max = Double.NEGATIVE_INFINITY;
        for (int j = first; j <= position; j++) {
            for (int d = 0; d < q.columns(); d++) {
                scores[j] += at(q, row, d) * at(k, j, d);
            }
            scores[j] /= Math.sqrt(q.columns());
            max = Math.max(max, scores[j]);
        }
        double sum = 0;
        for (int j = first; j <= position; j++) {
            scores[j] = Math.exp(scores[j] - max);
            sum += scores[j];
        }
        for (int j = first; j <= position; j++) {
            scores[j] /= sum;
        }
        return scores;
    }

    @Override
    public double crossEntropy(Tensor logits, int[] targets, float gradientScale) {
        Matrix rows = plain(logits);
        double nll = 0;
        for (int n = 0; n < targets.length; n++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < rows.columns(); v++) {
                max = Math.max(max, at(rows, n, v));
            }
            double sum = 0;
            for (int v = 0; v < rows.columns(); v++) {
                sum += Math.exp(at(rows, n, v) - max);
            }
            if (targets[n] >= 0) {
                nll += Math.log(sum) + max - at(rows, n, targets[n]);
            }
            for (int v = 0; v < rows.columns(); v++) {
                double p = Math.exp(at(rows, n, v) - max) / sum;
                set(rows, n, v, targets[n] < 0 ? 0 : gradientScale * (p - (v == targets[n] ? 1 : 0)));
            }
        }
        return nll;
    }

    @Override
    public double sumOfSquares(Tensor x) {
        CpuTensor in = CpuTensor.of(x);
        double sum = 0;
        for (int i = 0; i < in.size(); i++) {
            sum += square(in.data()[in.offset() + i]);
        }
        return sum;
    }

    @Override
    public void adamW(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step) {
        Matrix parameters = plain(p);
        for (int n = 0; n < parameters.rows(); n++) {
            for (int c = 0; c < parameters.columns(); c++) {
                double gradient = step.gradientScale() * at(plain(g), n, c);
                double first = step.beta1() * at(plain(m), n, c) + (1 - step.beta1()) * gradient;
                double second = step.beta2() * at(plain(v), n, c) + (1 - step.beta2()) * gradient * gradient;
                set(plain(m), n, c, first);
                set(plain(v), n, c, second);
                double denominator = Math.sqrt(second / step.secondCorrection()) + step.epsilon();
                double kept = at(parameters, n, c) * (1 - step.learningRate() * step.weightDecay());
                set(parameters, n, c, kept - step.learningRate() * first / step.firstCorrection() / denominator);
            }
        }
    }

    @Override
    public void close() {
        // nothing but heap
    }

    private static void product(Matrix c, Matrix a, Matrix b, float scale, boolean accumulate) {
        if (a.columns() != b.rows() || c.rows() != a.rows() || c.columns() != b.columns()) {
            throw new IllegalArgumentException("product (%d,%d)·(%d,%d) does not give (%d,%d)"
                    .formatted(a.rows(), a.columns(), b.rows(), b.columns(), c.rows(), c.columns()));
        }
        for (int m = 0; m < c.rows(); m++) {
            for (int n = 0; n < c.columns(); n++) {
                double sum = 0;
                for (int k = 0; k < a.columns(); k++) {
                    sum += at(a, m, k) * at(b, k, n);
                }
                set(c, m, n, scale * sum + (accumulate ? at(c, m, n) : 0));
            }
        }
    }

    /** The weight (out, in) as float32. */
    private static Matrix decode(LinearWeight weight) {
        CpuLinearWeight w = CpuLinearWeight.of(weight);
        int in = w.inputFeatures();
        float[] values = new float[w.outputFeatures() * in];
        for (int row = 0; row < w.outputFeatures(); row++) {
            w.decodeRow(values, row * in, 1, row, 0, in);
        }
        return new Matrix(values, 0, in, 1, w.outputFeatures(), in);
    }

    private static Matrix plain(Tensor tensor) {
        return CpuTensor.of(tensor).matrix(Operand.PLAIN);
    }

    private static double at(Matrix m, int row, int column) {
        return m.data()[m.offset() + row * m.rowStride() + column * m.columnStride()];
    }

    private static void set(Matrix m, int row, int column, double value) {
        m.data()[m.offset() + row * m.rowStride() + column * m.columnStride()] = (float) value;
    }

    private static void increase(Matrix m, int row, int column, double value) {
        set(m, row, column, at(m, row, column) + value);
    }

    private static double square(double x) {
        return x * x;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
