package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.DrawnLogits;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.HostSampling;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.backend.WeightImages;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The embedded default: kernels on the Vector API, and in machine code where {@link CpuKernels} has some, shared out to a fixed crew
 * of threads. {@link LinearProducts}, {@link ProductChains} and {@link HeadAttention} choose among them.
 *
 * <p>Every element is computed in one order that neither the vector width, the threads nor the rows beside it can change (law 3).
 * How far it may be from {@link ReferenceBackend} is one table in the tests, {@code TwinTolerance}. Used from one thread at a time. As long as the
 * interface is: a short method an operation, in its order.
 */
public final class VectorBackend extends CpuMemory implements WeightImages {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    /** Element-wise work below this is not worth a second thread. */
    private static final int PARALLEL_ELEMENTS = 16_384;
    /** Elements that a thread takes at once. */
    private static final int STRETCH = 8_192;

    /** What is done with rows or elements {@code from} to {@code to}. */
    @FunctionalInterface
    private interface Stretch {
        void accept(int from, int to);
    }

    private final Workers workers;
    private final CpuKernels kernels;
    private final LinearProducts products;
    private final Optional<PackedProduct> packed;
    private final ProductChains chains;
    private final Optional<LowRankProducts> lowRank;
    private final Optional<AdaptedBackward> adaptedBackward;
    private final Optional<LowRankDecode> lowRankDecode;
    private final HeadAttention attention;
    private final Optional<StripFactors> factors;
    private final RotaryTable rotary = new RotaryTable();
    private final HostSampling sampling = new HostSampling();

    /** With portable kernels. */
    public VectorBackend(int threads) {
        this(threads, CpuKernels.portable());
    }

    /** Starts the crew; {@code threads} 0 takes one per core and never changes a bit of any result. */
    public VectorBackend(int threads, CpuKernels kernels) {
        this.workers = new Workers(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        this.kernels = kernels;
        this.products = new LinearProducts(workers, kernels);
        this.chains = new ProductChains(workers, kernels.wideStrips());
        this.lowRank = kernels.products().map(some -> new LowRankProducts(workers, some));
        this.adaptedBackward =
                kernels.products().map(some -> new AdaptedBackward(workers, some, lowRank.orElseThrow()));
        this.lowRankDecode = kernels.strips().map(strips -> new LowRankDecode(workers, strips));
        this.packed = kernels.products().map(some -> new PackedProduct(workers, some));
        this.attention = new HeadAttention(workers, kernels);
        this.factors = kernels.strips().map(strips -> new StripFactors(new FactorMemory(strips.memory())));
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

    @Override
    public LinearWeight freezeTable(HostTensor table, Precision precision) {
        LinearWeight weight = CpuLinearWeight.freeze(table, precision);
        return weight instanceof Bf16Weight rounded
                ? kernels.strips()
                        .<LinearWeight>map(strips -> rounded.movedTo(strips.memory()))
                        .orElse(weight)
                : weight;
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
            case Bf16Weight rounded
            when kernels.wideStrips().isPresent() && StripWeight.fits(rounded) ->
                StripWeight.of(rounded, StripForm.BFLOAT16, memory);
            case RowWeight(RowTensor tensor) when StripWeight.fits(weight) -> StripWeight.of(tensor, memory);
            case Bf16Weight _, Fp32Weight _, RowWeight _, StripWeight _ -> weight;
        };
    }

    @Override
    public Optional<String> layout() {
        return kernels.strips().map(some -> some.wide().isPresent() ? "strips-2" : "byte-strips-2");
    }

    @Override
    public Optional<WeightImage> image(LinearWeight weight) {
        return switch (CpuLinearWeight.of(weight)) {
            case StripWeight strips -> Optional.of(strips.image());
            case Bf16Weight rounded when rounded.values().isNative() -> Optional.of(rounded.image());
            case Bf16Weight _, Fp32Weight _, BlockWeight _, RowWeight _ -> Optional.empty();
        };
    }

    @Override
    public Optional<LinearWeight> restore(WeightImage image) {
        return StripWeight.of(image).<LinearWeight>map(strips -> strips).or(() -> Bf16Weight.of(image));
    }

    @Override
    public void zero(Tensor x) {
        CpuTensor t = CpuTensor.of(x);
        forEachStretch(t.size(), (from, to) -> Arrays.fill(t.data(), t.offset() + from, t.offset() + to, 0f));
    }

    @Override
    public void add(Tensor y, Tensor x) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor in = CpuTensor.of(x).requireShapeOf(out);
        forEachStretch(out.size(), (from, to) -> add(out, in, from, to));
    }

    private static void add(CpuTensor y, CpuTensor x, int from, int to) {
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            load(y, i, mask).add(load(x, i, mask)).intoArray(y.data(), y.offset() + i, mask);
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
        Matrix sum = CpuTensor.of(c).matrix(Operand.PLAIN);
        Matrix left = CpuTensor.of(a).matrix(aOperand);
        Matrix right = CpuTensor.of(b).matrix(bOperand);
        if (rounds(arithmetic)) {
            packed.orElseThrow().share(sum, left, right, scale, accumulate);
        } else {
            PanelProduct.run(workers, sum, left, right, scale, accumulate);
        }
    }

    @Override
    public void multiply(List<List<Product>> some, Arithmetic arithmetic) {
        chains.run(some, rounds(arithmetic) ? packed : Optional.empty());
    }

    @Override
    public void lowRank(List<Tensor> ys, List<LowRankRows> parts, Phase phase, Arithmetic arithmetic) {
        if (lowRankDecode.isPresent() && LowRankDecode.takes(parts) && asDecodeSteps(parts, phase)) {
            lowRankDecode.get().run(CpuTensor.of(ys), parts);
        } else {
            super.lowRank(ys, parts, phase, arithmetic);
        }
    }

    /** Whether adapters are multiplied as in decode steps: prompts where they multiply bytes, too. */
    private boolean asDecodeSteps(List<LowRankRows> parts, Phase phase) {
        return switch (phase) {
            case TRAINING -> false;
            case PREFILL -> kernels.bytePrompts() && LowRankDecode.inBytes(parts);
            case DECODE -> true;
        };
    }

    @Override
    public void lowRankBackward(List<LowRankGradient> parts, Arithmetic arithmetic) {
        if (!rounds(arithmetic)) {
            super.lowRankBackward(parts, arithmetic);
            return;
        }
        try (var _ = temporaries()) {
            lowRank.orElseThrow().backward(parts, this::temporary);
        }
    }

    @Override
    public SlicedWork<Factors> factors(List<HostMatrix> ws, Precision beside) {
        boolean bytes = beside.quantized() && kernels.bytes().isPresent();
        if (Arithmetic.beside(beside) == Arithmetic.BFLOAT16
                && kernels.wideStrips().isPresent()) {
            return factors.orElseThrow().of(ws, bytes);
        }
        return bytes ? factors.orElseThrow().narrow(ws) : super.factors(ws, beside);
    }

    private boolean rounds(Arithmetic arithmetic) {
        return switch (arithmetic) {
            case FLOAT32 -> false;
            case BFLOAT16 -> packed.isPresent();
        };
    }

    @Override
    public void linear(List<Tensor> ys, Tensor x, List<LinearWeight> ws, Phase phase) {
        products.linear(CpuTensor.of(ys), CpuTensor.of(x), CpuLinearWeight.of(ws, ys.size()), phase, List.of());
    }

    @Override
    public void linear(
            List<Tensor> ys,
            Tensor x,
            List<LinearWeight> ws,
            List<LowRankRows> parts,
            Phase phase,
            Arithmetic arithmetic) {
        List<CpuTensor> outputs = CpuTensor.of(ys);
        List<CpuLinearWeight> weights = CpuLinearWeight.of(ws, ys.size());
        if (rounds(arithmetic) && products.adapted(outputs, CpuTensor.of(x), weights, parts, phase)) {
            return;
        }
        products.linear(outputs, CpuTensor.of(x), weights, phase, parts);
        if (!parts.isEmpty()) {
            lowRank(ys, parts, phase, arithmetic);
        }
    }

    @Override
    public void linearBackward(Tensor dx, List<Tensor> dys, List<LinearWeight> ws, boolean accumulate) {
        List<CpuLinearWeight> weights = CpuLinearWeight.of(ws, dys.size());
        products.linearBackward(CpuTensor.of(dx), CpuTensor.of(dys), weights, accumulate);
    }

    @Override
    public void linearBackward(
            Tensor dx, List<Tensor> dys, List<LinearWeight> ws, List<LowRankGradient> parts, Arithmetic arithmetic) {
        List<CpuLinearWeight> weights = CpuLinearWeight.of(ws, dys.size());
        try (var _ = temporaries()) {
            if (rounds(arithmetic)
                    && products.manyRowsBackward(CpuTensor.of(dx), weights)
                    && adaptedBackward
                            .orElseThrow()
                            .run(CpuTensor.of(dx), CpuTensor.of(dys), weights, parts, this::temporary)) {
                return;
            }
        }
        super.linearBackward(dx, dys, ws, parts, arithmetic);
    }

    private CpuTensor temporary(int rows, int columns) {
        return CpuTensor.of(allocateUnset(rows, columns));
    }

    @Override
    public void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon) {
        CpuTensor in = CpuTensor.of(x);
        CpuTensor out = CpuTensor.of(y).requireShapeOf(in);
        CpuTensor saved = CpuTensor.of(rstd).requireShape(in.rows(), 1);
        CpuTensor weight = CpuTensor.of(w).requireShape(1, in.columns());
        forEachRow(in, n -> RmsNorm.forward(kernels.elements(), out, saved, in, weight, n, epsilon));
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
        CpuTensor heads = CpuTensor.of(x).requireShape(positions.length, x.columns());
        float[][] turns = rotary.turns(positions, rope);
        forEachRow(heads, n -> RotaryTable.rotate(heads, n, turns[n], inverse));
    }

    @Override
    public void swiGlu(Tensor y, Tensor gate, Tensor up) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor g = CpuTensor.of(gate).requireShapeOf(out);
        CpuTensor u = CpuTensor.of(up).requireShapeOf(out);
        forEachStretch(out.size(), (from, to) -> SwiGlu.forward(kernels.elements(), out, g, u, from, to));
    }

    @Override
    public void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up) {
        CpuTensor g = CpuTensor.of(gate);
        CpuTensor u = CpuTensor.of(up).requireShapeOf(g);
        CpuTensor dg = CpuTensor.of(dGate).requireShapeOf(g);
        CpuTensor du = CpuTensor.of(dUp).requireShapeOf(g);
        CpuTensor d = CpuTensor.of(dy).requireShapeOf(g);
        forEachStretch(g.size(), (from, to) -> SwiGlu.backward(kernels.elements(), dg, du, d, g, u, from, to));
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
    public KvPages allocateKvPages(
            int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic) {
        return attention.allocate(layers, kvHeads, headDim, pages, pageTokens, arithmetic);
    }

    @Override
    public void appendKv(KvCache cache, int layer, Tensor k, Tensor v, int position) {
        attention.append(cache, layer, CpuTensor.of(k), CpuTensor.of(v), position);
    }

    @Override
    public void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, List<KvCache> caches, int layer, int[] positions, int window) {
        CpuTensor queries = CpuTensor.of(q);
        CpuTensor result = CpuTensor.of(out).requireShapeOf(queries);
        if (!attention.step(result, queries, CpuTensor.of(k), CpuTensor.of(v), caches, layer, positions, window)) {
            super.attention(out, q, k, v, caches, layer, positions, window);
        }
    }

    @Override
    public void attention(Tensor out, Tensor q, KvCache cache, int layer, int position, int window) {
        CpuTensor queries = CpuTensor.of(q);
        CpuTensor result = CpuTensor.of(out).requireShapeOf(queries);
        attention.cached(result, queries, cache, layer, position, window);
    }

    @Override
    public void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, int[] lengths, int headDim, int window, Arithmetic arithmetic) {
        CpuTensor queries = CpuTensor.of(q);
        CpuTensor result = CpuTensor.of(out).requireShapeOf(queries);
        attention.whole(result, queries, CpuTensor.of(k), CpuTensor.of(v), lengths, headDim, window, arithmetic);
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
        try (var _ = temporaries()) {
            int rows = q.columns() / headDim * q.rows();
            HeadGradients heads = new HeadGradients(
                    q.rows(), CpuTensor.of(allocateUnset(rows, headDim)), CpuTensor.of(allocateUnset(rows, headDim)));
            attention.backward(
                    CpuTensor.of(dq),
                    heads,
                    CpuTensor.of(dOut),
                    CpuTensor.of(q),
                    CpuTensor.of(k),
                    CpuTensor.of(v),
                    lengths,
                    window,
                    arithmetic);
            CpuTensor keys = CpuTensor.of(dk).requireShape(q.rows(), k.columns());
            CpuTensor values = CpuTensor.of(dv).requireShape(q.rows(), v.columns());
            forEachRow(keys, n -> heads.sum(keys, values, n));
        }
    }

    @Override
    public double[] crossEntropy(Tensor logits, int[] targets, float gradientScale) {
        CpuTensor rows = CpuTensor.of(logits);
        double[] nll = new double[targets.length];
        forEachRow(rows, n -> nll[n] = CrossEntropy.row(kernels.elements(), rows, n, targets[n], gradientScale));
        return nll;
    }

    @Override
    public double[] logSumExp(Tensor logits) {
        CpuTensor rows = CpuTensor.of(logits);
        double[] sums = new double[rows.rows()];
        forEachRow(rows, n -> sums[n] = CrossEntropy.logSumExp(kernels.elements(), rows, n));
        return sums;
    }

    @Override
    public LargestLogits largest(Tensor logits) {
        CpuTensor rows = CpuTensor.of(logits);
        int[] ids = new int[rows.rows()];
        float[] values = new float[ids.length];
        forEachRow(rows, n -> {
            ids[n] = CrossEntropy.largest(kernels.elements(), rows, n);
            values[n] = rows.data()[rows.row(n) + ids[n]];
        });
        return new LargestLogits(ids, values);
    }

    @Override
    public DrawnLogits draw(Tensor logits, int[] rows, List<Draw> draws) {
        return sampling.draw(this, logits, rows, draws);
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
        CpuTensor gradients = CpuTensor.of(g);
        CpuTensor values = CpuTensor.of(p).requireShapeOf(gradients);
        CpuTensor first = CpuTensor.of(m).requireShapeOf(gradients);
        CpuTensor second = CpuTensor.of(v).requireShapeOf(gradients);
        forEachStretch(gradients.size(), (from, to) -> AdamW.apply(values, first, second, gradients, step, from, to));
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
        forEachStretch(shape.rows(), Math.max(1, STRETCH / Math.max(1, shape.columns())), shape.size(), (from, to) -> {
            for (int n = from; n < to; n++) {
                row.accept(n);
            }
        });
    }

    /** Elements are independent. */
    private void forEachStretch(int elements, Stretch stretch) {
        forEachStretch(elements, STRETCH, elements, stretch);
    }

    private void forEachStretch(int count, int together, long work, Stretch stretch) {
        if (work < PARALLEL_ELEMENTS) {
            stretch.accept(0, count);
        } else {
            workers.run(
                    Math.ceilDiv(count, together),
                    task -> stretch.accept(task * together, Math.min(count, (task + 1) * together)));
        }
    }
}
