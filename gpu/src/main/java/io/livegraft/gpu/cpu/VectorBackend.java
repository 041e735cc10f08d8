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
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The embedded default: float32 kernels on the Vector API, shared out to a fixed crew of threads.
 *
 * <p>Every element is computed in one order that neither the vector width, the threads nor the rows beside it can change (law 3).
 * How far it may be from {@link ReferenceBackend} is one table in the tests, {@code TwinTolerance}. Used from one thread at a time.
 */
public final class VectorBackend extends CpuMemory {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    /** Element-wise work below this is not worth a second thread. */
    private static final int PARALLEL_ELEMENTS = 32_768;

    private final Workers workers;
    private final CpuKernels kernels;
    private final LinearProducts products;
    private final RotaryTable rotary = new RotaryTable();

    /** With portable kernels. */
    public VectorBackend(int threads) {
        this(threads, CpuKernels.portable());
    }

    /** Starts the crew; {@code threads} 0 takes one per core and never changes a bit of any result. */
    public VectorBackend(int threads, CpuKernels kernels) {
        this.workers = new Workers(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        this.kernels = kernels;
        this.products = new LinearProducts(workers, kernels);
    }

    @Override
    public String profile() {
        return kernels.profile();
    }

    @Override
    public LinearWeight freeze(HostTensor weight, Precision precision) {
        return laidOut(CpuLinearWeight.freeze(weight, precision));
    }

    @Override
    public LinearWeight freeze(QuantizedTensor weight) {
        return laidOut(CpuLinearWeight.freeze(weight));
    }

    private LinearWeight laidOut(CpuLinearWeight weight) {
        if (kernels.strips().isEmpty()) {
            return weight;
        }
        HugeMemory memory = kernels.strips().get().memory();
        return switch (weight) {
            case BlockWeight(BlockTensor tensor) ->
                StripWeight.form(tensor)
                        .<LinearWeight>map(form -> StripWeight.of(tensor, form, memory))
                        .orElse(weight);
            case Bf16Weight rounded when StripWeight.fits(rounded) -> StripWeight.of(rounded, memory);
            case Bf16Weight _, Fp32Weight _, RowWeight _, StripWeight _ -> weight;
        };
    }

    @Override
    public void add(Tensor y, Tensor x) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor in = CpuTensor.of(x).requireShapeOf(out);
        for (int i = 0; i < out.size(); i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, out.size());
            load(out, i, mask).add(load(in, i, mask)).intoArray(out.data(), out.offset() + i, mask);
        }
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor row = CpuTensor.of(bias).requireShape(1, out.columns());
        forEachRow(out, n -> Bias.add(out, row, n));
    }

    @Override
    public void addBiasBackward(Tensor dBias, Tensor dy) {
        CpuTensor upstream = CpuTensor.of(dy);
        Bias.backward(CpuTensor.of(dBias).requireShape(1, upstream.columns()), upstream);
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
        PanelProduct.run(
                workers,
                CpuTensor.of(c).matrix(Operand.PLAIN),
                CpuTensor.of(a).matrix(aOperand),
                CpuTensor.of(b).matrix(bOperand),
                scale,
                accumulate);
    }

    @Override
    public void linear(List<Tensor> ys, Tensor x, List<LinearWeight> ws, Phase phase) {
        products.linear(CpuTensor.of(ys), CpuTensor.of(x), CpuLinearWeight.of(ws, ys.size()), phase);
    }

    @Override
    public void linearBackward(Tensor dx, List<Tensor> dys, List<LinearWeight> ws) {
        products.linearBackward(CpuTensor.of(dx), CpuTensor.of(dys), CpuLinearWeight.of(ws, dys.size()));
    }

    @Override
    public void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon) {
        CpuTensor in = CpuTensor.of(x);
        CpuTensor out = CpuTensor.of(y).requireShapeOf(in);
        CpuTensor saved = CpuTensor.of(rstd).requireShape(in.rows(), 1);
        CpuTensor weight = CpuTensor.of(w).requireShape(1, in.columns());
        forEachRow(in, n -> RmsNorm.forward(out, saved, in, weight, n, epsilon));
    }

    @Override
    public void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor w, Tensor rstd) {
        CpuTensor in = CpuTensor.of(x);
        CpuTensor gradient = CpuTensor.of(dx).requireShapeOf(in);
        CpuTensor upstream = CpuTensor.of(dy).requireShapeOf(in);
        CpuTensor weight = CpuTensor.of(w).requireShape(1, in.columns());
        CpuTensor saved = CpuTensor.of(rstd).requireShape(in.rows(), 1);
        forEachRow(in, n -> RmsNorm.backward(gradient, upstream, in, weight, saved, n));
    }

    @Override
    public void rmsNormWeightBackward(Tensor dw, Tensor dy, Tensor x, Tensor rstd) {
        CpuTensor in = CpuTensor.of(x);
        RmsNorm.weightBackward(
                CpuTensor.of(dw).requireShape(1, in.columns()),
                CpuTensor.of(dy).requireShapeOf(in),
                in,
                CpuTensor.of(rstd).requireShape(in.rows(), 1));
    }

    @Override
    public void rotate(Tensor x, int[] positions, Rope rope, boolean inverse) {
        rotary.rotate(CpuTensor.of(x), positions, rope, inverse);
    }

    @Override
    public void swiGlu(Tensor y, Tensor gate, Tensor up) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor g = CpuTensor.of(gate).requireShapeOf(out);
        CpuTensor u = CpuTensor.of(up).requireShapeOf(out);
        forEachRow(out, n -> SwiGlu.forward(out, g, u, n));
    }

    @Override
    public void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up) {
        CpuTensor g = CpuTensor.of(gate);
        CpuTensor u = CpuTensor.of(up).requireShapeOf(g);
        CpuTensor dg = CpuTensor.of(dGate).requireShapeOf(g);
        CpuTensor du = CpuTensor.of(dUp).requireShapeOf(g);
        CpuTensor d = CpuTensor.of(dy).requireShapeOf(g);
        forEachRow(g, n -> SwiGlu.backward(dg, du, d, g, u, n));
    }

    @Override
    public void dropout(Tensor y, Tensor x, DropoutMask mask) {
        CpuTensor in = CpuTensor.of(x);
        CpuTensor out = CpuTensor.of(y).requireShapeOf(in);
        forEachRow(in, n -> Dropout.forward(out, in, mask, n));
    }

    @Override
    public void dropoutBackward(Tensor dx, Tensor dy, DropoutMask mask) {
        CpuTensor gradient = CpuTensor.of(dx);
        CpuTensor upstream = CpuTensor.of(dy).requireShapeOf(gradient);
        forEachRow(gradient, n -> Dropout.backward(gradient, upstream, mask, n));
    }

    @Override
    public void attention(
            Tensor out, Tensor q, KvCache cache, int layer, int position, int window, Arithmetic arithmetic) {
        CpuKvCache kv = CpuKvCache.of(cache);
        int headDim = kv.headDim();
        int group = q.columns() / headDim / kv.kvHeads();
        int first = Math.max(0, position + 1 - window);
        int count = position + q.rows() - first;
        attention(
                out,
                q,
                headDim,
                head -> kv.keysTransposed(layer, head / group, first, count),
                head -> kv.values(layer, head / group, first, count),
                position - first,
                window);
    }

    @Override
    public void attention(Tensor out, Tensor q, Tensor k, Tensor v, int headDim, int window, Arithmetic arithmetic) {
        CpuTensor keys = CpuTensor.of(k);
        CpuTensor values = CpuTensor.of(v).requireShapeOf(keys);
        int group = q.columns() / keys.columns();
        attention(
                out,
                q,
                headDim,
                head -> keys.columnBlock(head / group * headDim, headDim).transposed(),
                head -> values.columnBlock(head / group * headDim, headDim),
                0,
                window);
    }

    /** Query heads are independent; {@code keys} and {@code values} give each its own. */
    private void attention(
            Tensor out,
            Tensor q,
            int headDim,
            IntFunction<Matrix> keys,
            IntFunction<Matrix> values,
            int position,
            int window) {
        CpuTensor queries = CpuTensor.of(q);
        CpuTensor result = CpuTensor.of(out).requireShapeOf(queries);
        share(queries.columns() / headDim, (long) queries.size() * (position + queries.rows()), head -> {
            Matrix heads = result.columnBlock(head * headDim, headDim);
            Matrix query = queries.columnBlock(head * headDim, headDim);
            if (queries.rows() == 1 && DecodeAttention.fits(headDim)) {
                DecodeAttention.forward(heads, query, keys.apply(head), values.apply(head));
            } else {
                CausalAttention.forward(heads, query, keys.apply(head), values.apply(head), position, window);
            }
        });
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
            int headDim,
            int window,
            Arithmetic arithmetic) {
        CpuTensor queries = CpuTensor.of(q);
        CpuTensor keys = CpuTensor.of(k);
        int kvHeads = keys.columns() / headDim;
        int group = queries.columns() / keys.columns();
        IntConsumer kvHead = g -> {
            int kvColumn = g * headDim;
            for (int h = g * group; h < (g + 1) * group; h++) {
                CausalAttention.backward(
                        CpuTensor.of(dq).columnBlock(h * headDim, headDim),
                        CpuTensor.of(dk).columnBlock(kvColumn, headDim),
                        CpuTensor.of(dv).columnBlock(kvColumn, headDim),
                        CpuTensor.of(dOut).columnBlock(h * headDim, headDim),
                        queries.columnBlock(h * headDim, headDim),
                        keys.columnBlock(kvColumn, headDim),
                        CpuTensor.of(v).columnBlock(kvColumn, headDim),
                        window);
            }
        };
        share(kvHeads, (long) queries.size() * queries.rows(), kvHead);
    }

    @Override
    public double[] crossEntropy(Tensor logits, int[] targets, float gradientScale) {
        CpuTensor rows = CpuTensor.of(logits);
        double[] nll = new double[targets.length];
        forEachRow(rows, n -> nll[n] = CrossEntropy.row(rows, n, targets[n], gradientScale));
        return nll;
    }

    @Override
    public double sumOfSquares(Tensor x) {
        CpuTensor in = CpuTensor.of(x);
        double sum = 0;
        for (int i = in.offset(); i < in.offset() + in.size(); i++) {
            sum += (double) in.data()[i] * in.data()[i];
        }
        return sum;
    }

    @Override
    public void adamW(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step) {
        AdamW.apply(CpuTensor.of(p), CpuTensor.of(m), CpuTensor.of(v), CpuTensor.of(g), step);
    }

    @Override
    public void close() {
        workers.close();
    }

    static FloatVector load(CpuTensor tensor, int index, VectorMask<Float> mask) {
        return FloatVector.fromArray(SPECIES, tensor.data(), tensor.offset() + index, mask);
    }

    /** Rows are independent; each is computed by one thread in one go. */
    private void forEachRow(CpuTensor shape, IntConsumer row) {
        if (shape.size() < PARALLEL_ELEMENTS) {
            for (int n = 0; n < shape.rows(); n++) {
                row.accept(n);
            }
        } else {
            workers.run(shape.rows(), row);
        }
    }

    private void share(int tasks, long work, IntConsumer task) {
        if (work < PARALLEL_ELEMENTS) {
            for (int i = 0; i < tasks; i++) {
                task.accept(i);
            }
        } else {
            workers.run(tasks, task);
        }
    }
}
