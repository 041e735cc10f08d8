package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import java.util.List;

/**
 * The specification: every operation as its formula in {@link io.livegraft.gpu.backend.Backend} says it, scalar, double from
 * end to end, no cleverness. Other backends are tested against it, and the gradients of whole models by central differences
 * on it, which rounding to float32 would drown. One file for all of the interface, so that it reads in the same order.
 */
public final class ReferenceBackend extends ReferenceMemory {
    @Override
    public String profile() {
        return "cpu-reference-2";
    }

    @Override
    public void add(Tensor y, Tensor x) {
        DoubleTensor out = DoubleTensor.of(y);
        DoubleTensor in = DoubleTensor.of(x).requireShapeOf(out);
        for (int n = 0; n < out.rows(); n++) {
            for (int c = 0; c < out.columns(); c++) {
                out.increase(n, c, in.at(n, c));
            }
        }
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        DoubleTensor out = DoubleTensor.of(y);
        DoubleTensor row = DoubleTensor.of(bias).requireShape(1, out.columns());
        for (int n = 0; n < out.rows(); n++) {
            for (int c = 0; c < out.columns(); c++) {
                out.increase(n, c, row.at(0, c));
            }
        }
    }

    @Override
    public void addBiasBackward(Tensor dBias, Tensor dy) {
        DoubleTensor up = DoubleTensor.of(dy);
        DoubleTensor gradient = DoubleTensor.of(dBias).requireShape(1, up.columns());
        for (int n = 0; n < up.rows(); n++) {
            for (int c = 0; c < up.columns(); c++) {
                gradient.increase(0, c, up.at(n, c));
            }
        }
    }

    @Override
    public void multiply(
            Tensor c,
            Tensor a,
            Operand aOperand,
            Tensor b,
            Operand bOperand,
            float scale,
            boolean accumulate,
            Arithmetic arithmetic) {
        DoubleTensor left = DoubleTensor.of(a).as(aOperand);
        DoubleTensor right = DoubleTensor.of(b).as(bOperand);
        product(DoubleTensor.of(c), left, right, scale, accumulate);
    }

    @Override
    public void linear(List<Tensor> ys, Tensor x, List<LinearWeight> ws, Phase phase) {
        List<CpuLinearWeight> weights = CpuLinearWeight.of(ws, ys.size());
        for (int i = 0; i < weights.size(); i++) {
            DoubleTensor y = DoubleTensor.of(ys.get(i));
            product(y, DoubleTensor.of(x), decode(weights.get(i)).transposed(), 1, false);
        }
    }

    @Override
    public void linearBackward(Tensor dx, List<Tensor> dys, List<LinearWeight> ws, boolean accumulate) {
        List<CpuLinearWeight> weights = CpuLinearWeight.of(ws, dys.size());
        for (int i = 0; i < weights.size(); i++) {
            boolean add = accumulate || i > 0;
            product(DoubleTensor.of(dx), DoubleTensor.of(dys.get(i)), decode(weights.get(i)), 1, add);
        }
    }

    @Override
    public void embedBackward(Tensor dTable, Tensor dy, int[] ids) {
        DoubleTensor table = DoubleTensor.of(dTable);
        DoubleTensor gradient = DoubleTensor.of(dy).requireShape(ids.length, table.columns());
        for (int n = 0; n < ids.length; n++) {
            for (int c = 0; c < table.columns(); c++) {
                table.increase(ids[n], c, gradient.at(n, c));
            }
        }
    }

    @Override
    public void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon) {
        DoubleTensor in = DoubleTensor.of(x);
        DoubleTensor out = DoubleTensor.of(y).requireShapeOf(in);
        DoubleTensor saved = DoubleTensor.of(rstd).requireShape(in.rows(), 1);
        DoubleTensor weight = DoubleTensor.of(w).requireShape(1, in.columns());
        for (int n = 0; n < in.rows(); n++) {
            double sumOfSquares = 0;
            for (int c = 0; c < in.columns(); c++) {
                sumOfSquares += in.at(n, c) * in.at(n, c);
            }
            saved.set(n, 0, 1 / Math.sqrt(sumOfSquares / in.columns() + epsilon));
            for (int c = 0; c < in.columns(); c++) {
                out.set(n, c, in.at(n, c) * saved.at(n, 0) * weight.at(0, c));
            }
        }
    }

    @Override
    public void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor w, Tensor rstd) {
        DoubleTensor in = DoubleTensor.of(x);
        DoubleTensor gradient = DoubleTensor.of(dx).requireShapeOf(in);
        DoubleTensor up = DoubleTensor.of(dy).requireShapeOf(in);
        DoubleTensor weight = DoubleTensor.of(w).requireShape(1, in.columns());
        DoubleTensor saved = DoubleTensor.of(rstd).requireShape(in.rows(), 1);
        for (int n = 0; n < in.rows(); n++) {
            double s = saved.at(n, 0);
            double projection = 0;
            for (int c = 0; c < in.columns(); c++) {
                projection += in.at(n, c) * s * weight.at(0, c) * up.at(n, c);
            }
            for (int c = 0; c < in.columns(); c++) {
                double direct = weight.at(0, c) * up.at(n, c);
                gradient.increase(n, c, s * (direct - in.at(n, c) * s * projection / in.columns()));
            }
        }
    }

    @Override
    public void rmsNormWeightBackward(Tensor dw, Tensor dy, Tensor x, Tensor rstd) {
        DoubleTensor in = DoubleTensor.of(x);
        DoubleTensor gradient = DoubleTensor.of(dw).requireShape(1, in.columns());
        DoubleTensor up = DoubleTensor.of(dy).requireShapeOf(in);
        DoubleTensor saved = DoubleTensor.of(rstd).requireShape(in.rows(), 1);
        for (int n = 0; n < in.rows(); n++) {
            for (int c = 0; c < in.columns(); c++) {
                gradient.increase(0, c, in.at(n, c) * saved.at(n, 0) * up.at(n, c));
            }
        }
    }

    @Override
    public void rotate(Tensor x, int[] positions, Rope rope, boolean inverse) {
        DoubleTensor heads = DoubleTensor.of(x).requireShape(positions.length, x.columns());
        int half = rope.headDim() / 2;
        for (int n = 0; n < positions.length; n++) {
            for (int head = 0; head < heads.columns(); head += rope.headDim()) {
                for (int i = 0; i < half; i++) {
                    double angle = inverse ? -rope.angle(positions[n], i) : rope.angle(positions[n], i);
                    double a = heads.at(n, head + i);
                    double b = heads.at(n, head + half + i);
                    heads.set(n, head + i, a * Math.cos(angle) - b * Math.sin(angle));
                    heads.set(n, head + half + i, b * Math.cos(angle) + a * Math.sin(angle));
                }
            }
        }
    }

    @Override
    public void swiGlu(Tensor y, Tensor gate, Tensor up) {
        DoubleTensor out = DoubleTensor.of(y);
        DoubleTensor g = DoubleTensor.of(gate).requireShapeOf(out);
        DoubleTensor u = DoubleTensor.of(up).requireShapeOf(out);
        for (int n = 0; n < out.rows(); n++) {
            for (int c = 0; c < out.columns(); c++) {
                out.set(n, c, g.at(n, c) * sigmoid(g.at(n, c)) * u.at(n, c));
            }
        }
    }

    @Override
    public void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up) {
        DoubleTensor d = DoubleTensor.of(dy);
        DoubleTensor g = DoubleTensor.of(gate).requireShapeOf(d);
        DoubleTensor u = DoubleTensor.of(up).requireShapeOf(d);
        DoubleTensor dg = DoubleTensor.of(dGate).requireShapeOf(d);
        DoubleTensor du = DoubleTensor.of(dUp).requireShapeOf(d);
        for (int n = 0; n < d.rows(); n++) {
            for (int c = 0; c < d.columns(); c++) {
                double s = sigmoid(g.at(n, c));
                double dGated = d.at(n, c) * g.at(n, c) * s;
                dg.set(n, c, d.at(n, c) * u.at(n, c) * s * (1 + g.at(n, c) * (1 - s)));
                du.set(n, c, dGated);
            }
        }
    }

    @Override
    public void dropout(Tensor y, Tensor x, DropoutMask mask) {
        DoubleTensor out = DoubleTensor.of(y);
        DoubleTensor in = DoubleTensor.of(x).requireShapeOf(out);
        for (int n = 0; n < out.rows(); n++) {
            for (int c = 0; c < out.columns(); c++) {
                boolean kept = mask.keeps((long) n * out.columns() + c);
                out.set(n, c, kept ? mask.scale() * in.at(n, c) : 0);
            }
        }
    }

    @Override
    public void dropoutBackward(Tensor dx, Tensor dy, DropoutMask mask) {
        DoubleTensor gradient = DoubleTensor.of(dx);
        DoubleTensor up = DoubleTensor.of(dy).requireShapeOf(gradient);
        for (int n = 0; n < gradient.rows(); n++) {
            for (int c = 0; c < gradient.columns(); c++) {
                boolean kept = mask.keeps((long) n * gradient.columns() + c);
                gradient.increase(n, c, kept ? mask.scale() * up.at(n, c) : 0);
            }
        }
    }

    @Override
    public void attention(Tensor out, Tensor q, KvCache cache, int layer, int position, int window) {
        Pages pages = (Pages) cache.memory();
        int length = position + q.rows();
        Tensor keys = pages.keys(layer, cache, length);
        Tensor values = pages.values(layer, cache, length);
        attention(out, q, keys, values, pages.headDim(), position, window);
    }

    @Override
    public void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, int[] lengths, int headDim, int window, Arithmetic arithmetic) {
        int from = 0;
        for (int length : lengths) {
            attention(
                    rows(out, from, length),
                    rows(q, from, length),
                    rows(k, from, length),
                    rows(v, from, length),
                    headDim,
                    0,
                    window);
            from += length;
        }
    }

    private static void attention(Tensor out, Tensor q, Tensor k, Tensor v, int headDim, int position, int window) {
        int group = q.columns() / k.columns();
        for (int h = 0; h < q.columns() / headDim; h++) {
            int column = h * headDim;
            int kvColumn = h / group * headDim;
            headForward(
                    DoubleTensor.of(out).columnBlock(column, headDim),
                    DoubleTensor.of(q).columnBlock(column, headDim),
                    DoubleTensor.of(k).columnBlock(kvColumn, headDim),
                    DoubleTensor.of(v).columnBlock(kvColumn, headDim),
                    position,
                    window);
        }
    }

    private static void headForward(
            DoubleTensor out, DoubleTensor q, DoubleTensor k, DoubleTensor v, int position, int window) {
        for (int i = 0; i < q.rows(); i++) {
            double[] p = probabilities(q, i, k, position + i, window);
            for (int d = 0; d < q.columns(); d++) {
                double sum = 0;
                for (int j = 0; j < p.length; j++) {
                    sum += p[j] * v.at(j, d);
                }
                out.set(i, d, sum);
            }
        }
    }

    @Override
    public void attentionBackward(
            Tensor dq,
            Tensor dk,
            Tensor dv,
            Tensor dOut,
            Tensor q,
            Tensor k,
            Tensor v,
            int[] lengths,
            int headDim,
            int window,
            Arithmetic arithmetic) {
        zero(dq);
        zero(dk);
        zero(dv);
        int from = 0;
        for (int length : lengths) {
            attentionBackward(
                    rows(dq, from, length),
                    rows(dk, from, length),
                    rows(dv, from, length),
                    rows(dOut, from, length),
                    rows(q, from, length),
                    rows(k, from, length),
                    rows(v, from, length),
                    headDim,
                    window);
            from += length;
        }
    }

    private static void attentionBackward(
            Tensor dq, Tensor dk, Tensor dv, Tensor dOut, Tensor q, Tensor k, Tensor v, int headDim, int window) {
        int group = q.columns() / k.columns();
        for (int h = 0; h < q.columns() / headDim; h++) {
            int column = h * headDim;
            int kvColumn = h / group * headDim;
            headBackward(
                    DoubleTensor.of(dq).columnBlock(column, headDim),
                    DoubleTensor.of(dk).columnBlock(kvColumn, headDim),
                    DoubleTensor.of(dv).columnBlock(kvColumn, headDim),
                    DoubleTensor.of(dOut).columnBlock(column, headDim),
                    DoubleTensor.of(q).columnBlock(column, headDim),
                    DoubleTensor.of(k).columnBlock(kvColumn, headDim),
                    DoubleTensor.of(v).columnBlock(kvColumn, headDim),
                    window);
        }
    }

    private static void headBackward(
            DoubleTensor dq,
            DoubleTensor dk,
            DoubleTensor dv,
            DoubleTensor dOut,
            DoubleTensor q,
            DoubleTensor k,
            DoubleTensor v,
            int window) {
        double scale = 1 / Math.sqrt(q.columns());
        for (int i = 0; i < q.rows(); i++) {
            double[] p = probabilities(q, i, k, i, window);
            double[] dp = new double[p.length];
            double projection = 0;
            for (int j = 0; j < p.length; j++) {
                for (int d = 0; d < q.columns(); d++) {
                    dp[j] += dOut.at(i, d) * v.at(j, d);
                    dv.increase(j, d, p[j] * dOut.at(i, d));
                }
                projection += p[j] * dp[j];
            }
            for (int j = 0; j < p.length; j++) {
                double ds = p[j] * (dp[j] - projection) * scale;
                for (int d = 0; d < q.columns(); d++) {
                    dq.increase(i, d, ds * k.at(j, d));
                    dk.increase(j, d, ds * q.at(i, d));
                }
            }
        }
    }

    /** Of the keys up to the query's own position; 0 for those before its window. */
    private static double[] probabilities(DoubleTensor q, int row, DoubleTensor k, int position, int window) {
        double[] scores = new double[position + 1];
        for (int j = 0; j <= position; j++) {
            for (int d = 0; d < q.columns(); d++) {
                scores[j] += q.at(row, d) * k.at(j, d);
            }
            scores[j] = position - j < window ? scores[j] / Math.sqrt(q.columns()) : Double.NEGATIVE_INFINITY;
        }
        return softmax(scores);
    }

    @Override
    public double[] logSumExp(Tensor logits) {
        DoubleTensor rows = DoubleTensor.of(logits);
        double[] sums = new double[rows.rows()];
        for (int n = 0; n < sums.length; n++) {
            double[] row = new double[rows.columns()];
            for (int v = 0; v < row.length; v++) {
                row[v] = rows.at(n, v);
            }
            sums[n] = logSumExp(row);
        }
        return sums;
    }

    @Override
    public double[] crossEntropy(Tensor logits, int[] targets, float gradientScale) {
        DoubleTensor rows = DoubleTensor.of(logits).requireShape(targets.length, logits.columns());
        double[] nll = new double[targets.length];
        for (int n = 0; n < targets.length; n++) {
            double[] p = new double[rows.columns()];
            for (int v = 0; v < p.length; v++) {
                p[v] = rows.at(n, v);
            }
            if (targets[n] >= 0) {
                nll[n] = logSumExp(p) - p[targets[n]];
            }
            softmax(p);
            for (int v = 0; v < p.length; v++) {
                rows.set(n, v, targets[n] < 0 ? 0 : gradientScale * (p[v] - (v == targets[n] ? 1 : 0)));
            }
        }
        return nll;
    }

    @Override
    public double sumOfSquares(Tensor x) {
        DoubleTensor in = DoubleTensor.of(x);
        double sum = 0;
        for (int n = 0; n < in.rows(); n++) {
            for (int c = 0; c < in.columns(); c++) {
                sum += in.at(n, c) * in.at(n, c);
            }
        }
        return sum;
    }

    @Override
    public void adamW(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step) {
        DoubleTensor parameters = DoubleTensor.of(p);
        DoubleTensor first = DoubleTensor.of(m).requireShapeOf(parameters);
        DoubleTensor second = DoubleTensor.of(v).requireShapeOf(parameters);
        DoubleTensor gradients = DoubleTensor.of(g).requireShapeOf(parameters);
        for (int n = 0; n < parameters.rows(); n++) {
            for (int c = 0; c < parameters.columns(); c++) {
                double gradient = step.gradientScale() * gradients.at(n, c);
                first.set(n, c, step.beta1() * first.at(n, c) + (1 - step.beta1()) * gradient);
                second.set(n, c, step.beta2() * second.at(n, c) + (1 - step.beta2()) * gradient * gradient);
                double denominator = Math.sqrt(second.at(n, c) / step.secondCorrection()) + step.epsilon();
                double kept = parameters.at(n, c) * (1 - step.learningRate() * step.weightDecay());
                double mean = first.at(n, c) / step.firstCorrection();
                parameters.set(n, c, kept - step.learningRate() * mean / denominator);
            }
        }
    }

    private static void product(DoubleTensor c, DoubleTensor a, DoubleTensor b, float scale, boolean accumulate) {
        if (a.columns() != b.rows() || c.rows() != a.rows() || c.columns() != b.columns()) {
            throw new IllegalArgumentException("product (%d,%d)·(%d,%d) does not give (%d,%d)"
                    .formatted(a.rows(), a.columns(), b.rows(), b.columns(), c.rows(), c.columns()));
        }
        for (int m = 0; m < c.rows(); m++) {
            for (int n = 0; n < c.columns(); n++) {
                double sum = 0;
                for (int k = 0; k < a.columns(); k++) {
                    sum += a.at(m, k) * b.at(k, n);
                }
                c.set(m, n, scale * sum + (accumulate ? c.at(m, n) : 0));
            }
        }
    }

    /** The weight (out, in), exactly the float32 values that the other backends multiply with. */
    private static DoubleTensor decode(CpuLinearWeight w) {
        float[] row = new float[w.inputFeatures()];
        DoubleTensor decoded = DoubleTensor.zeros(w.outputFeatures(), row.length);
        for (int o = 0; o < decoded.rows(); o++) {
            w.decodeRow(row, 0, 1, o, 0, row.length);
            for (int i = 0; i < row.length; i++) {
                decoded.set(o, i, row[i]);
            }
        }
        return decoded;
    }

    private static double[] softmax(double[] x) {
        double logSum = logSumExp(x);
        for (int i = 0; i < x.length; i++) {
            x[i] = Math.exp(x[i] - logSum);
        }
        return x;
    }

    private static double logSumExp(double[] x) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : x) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (double value : x) {
            sum += Math.exp(value - max);
        }
        return Math.log(sum) + max;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
