package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.AdamWPart;
import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.BlockwiseMoments;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.DrawnLogits;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.FactorsWork;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.List;
import java.util.Optional;

/**
 * An NVIDIA card. Each family of operations has a class that owns its launches; this one only says which, a short method an
 * operation, and is as long as the interface. Everything is queued on one stream; the host waits where it needs a value: a download,
 * losses, sums. Used from one thread at a time.
 *
 * <p>Every element is computed in one order that depends on the operation, the phase and the profile, never on how many rows there are
 * (law 3). A call that the driver refuses is a {@link CudaException}; one that does not fit says who has how much of the memory.
 */
public final class CudaBackend extends CudaMemory {
    private final CudaDevice device;
    private final Optional<Cublas> library;
    private final String profile;
    private final CudaRounding rounding;
    private final CudaElements elements;
    private final CudaNorm norm;
    private final CudaRotation rotation;
    private final CudaEmbedding embedding;
    private final CudaWeights weights;
    private final CudaProducts products;
    private final CudaChains chains;
    private final CudaAdapters adapters;
    private final CudaLowRank lowRank;
    private final CudaAttention attention;
    private final CudaAttentionBackward attentionBackward;
    private final CudaLoss loss;
    private final CudaSampling sampling;
    private final CudaOptimizer optimizer;

    /** Of the profile {@code invariant}. */
    CudaBackend(CudaDevice device) {
        this(device, Optional.empty());
    }

    /** @param fast the library of the profile {@code fast} */
    CudaBackend(CudaDevice device, Optional<CublasLibrary> fast) {
        super(device);
        this.device = device;
        this.library = fast.map(some -> new Cublas(device, some));
        this.profile = device.profile()
                + fast.map(some -> NumericProfile.FAST_MARK + some.name()).orElse("");
        this.rounding = new CudaRounding(device);
        this.elements = new CudaElements(device);
        this.norm = new CudaNorm(device);
        this.rotation = new CudaRotation(device);
        this.embedding = new CudaEmbedding(device);
        this.weights = new CudaWeights(device, rounding);
        this.products = new CudaProducts(device, rounding, library);
        this.chains = new CudaChains(device, products);
        this.adapters = new CudaAdapters(device, rounding, chains, products);
        this.lowRank = new CudaLowRank(device, rounding, chains, products);
        this.attention = new CudaAttention(device);
        this.attentionBackward = new CudaAttentionBackward(device, attention);
        this.loss = new CudaLoss(device);
        this.sampling = new CudaSampling(device);
        this.optimizer = new CudaOptimizer(device);
    }

    /** Whether {@link #open} has a device and kernels to work with. */
    public static CudaProbe probe(CudaSettings settings) {
        Optional<PackedModules> modules = PackedModules.onClassPath();
        return modules.isEmpty()
                ? new CudaProbe.Absent("this build has no kernels, since it found no nvcc")
                : CudaProbe.of(settings.device());
    }

    /**
     * Takes the device's memory, as much as the settings say.
     *
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} where the profile is fast and there is no cuBLAS
     */
    public static CudaBackend open(CudaProbe.Found found, CudaSettings settings, NumericProfile profile) {
        Optional<CublasLibrary> fast =
                switch (profile) {
                    case INVARIANT -> Optional.empty();
                    case FAST -> Optional.of(CublasLibrary.find().orElseThrow(CudaBackend::noLibrary));
                };
        PackedModules modules = PackedModules.onClassPath()
                .orElseThrow(() -> new IllegalStateException("opened without kernels, which a probe says"));
        return new CudaBackend(new CudaDevice(found, modules, settings), fast);
    }

    private static LivegraftException noLibrary() {
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION,
                "livegraft.engine.profile is fast, but neither libcublas.so.13 nor libcublas.so.12 was found: install cuBLAS, or set CUDA_HOME, or use invariant");
    }

    @Override
    public String profile() {
        return profile;
    }

    @Override
    public void close() {
        library.ifPresent(Cublas::close);
        super.close();
    }

    /** The card, its memory and whose kernels run on it. */
    public String description() {
        return "%s, %.0f MiB taken, profile %s"
                .formatted(device.name(), DeviceMemory.mib(device.memory().bytes()), profile());
    }

    /** Who has how much of the device's memory. */
    public String memoryPlan() {
        return device.memory().budget();
    }

    /**
     * Plans training; from now on moments, blocks' inputs and copies of weights are where the plan says.
     *
     * @param cacheBytes for keys and values
     * @param asked what a slice keeps, where that is said
     */
    public MemoryPlan plan(TrainingShape shape, long cacheBytes, Optional<GradientCheckpointing> asked) {
        MemoryPlan plan =
                MemoryPlan.of(shape, device.limits(cacheBytes), device.offload().settings(), asked);
        device.offload().follow(plan.best().policy().offloaded());
        plan.fitting().ifPresent(step -> rounding.limitCopies(plan.copyBytes(step)));
        return plan;
    }

    /** Gives up what idle workspaces hold; the next ones grow anew. */
    public void trim() {
        device.workspaces().trim();
    }

    /** The most of the device's memory that was in use at a time. */
    public long peakBytes() {
        return device.memory().peakBytes();
    }

    /** The most of the host's memory that was in use at a time for what does not live on the device. */
    public long offloadedPeakBytes() {
        return device.host().peakBytes();
    }

    /** Of the host's memory, now. */
    public long offloadedBytes() {
        return device.host().usedBytes();
    }

    CudaDevice device() {
        return device;
    }

    @Override
    public LinearWeight freeze(HostTensor weight, Precision precision) {
        return weights.freeze(weight, precision);
    }

    @Override
    public LinearWeight freeze(QuantizedTensor weight) {
        return weights.freeze(weight);
    }

    @Override
    public LinearWeight freezeTable(HostTensor table, Precision precision) {
        return weights.freeze(table, precision);
    }

    @Override
    public KvPages allocateKvPages(
            int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic) {
        return attention.allocate(layers, kvHeads, headDim, pages, pageTokens, arithmetic);
    }

    @Override
    public void add(Tensor y, Tensor x) {
        elements.add(CudaTensor.of(y), CudaTensor.of(x));
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        elements.addBias(CudaTensor.of(y), CudaTensor.of(bias));
    }

    @Override
    public void addBiasBackward(Tensor dBias, Tensor dy) {
        elements.addBiasBackward(CudaTensor.of(dBias), CudaTensor.of(dy));
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
        products.multiply(
                CudaTensor.of(c),
                CudaTensor.of(a),
                aOperand,
                CudaTensor.of(b),
                bOperand,
                scale,
                accumulate,
                arithmetic);
    }

    /** No more than rows: a launch takes any number of them. */
    @Override
    public int chainRows() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void multiply(List<List<Product>> some, Arithmetic arithmetic) {
        switch (arithmetic) {
            case FLOAT32 -> super.multiply(some, arithmetic);
            case BFLOAT16 -> chains.run(some);
        }
    }

    @Override
    public void lowRankBackward(List<LowRankGradient> parts, Arithmetic arithmetic) {
        switch (arithmetic) {
            case FLOAT32 -> super.lowRankBackward(parts, arithmetic);
            case BFLOAT16 -> lowRank.backward(parts);
        }
    }

    @Override
    public SlicedWork<Factors> factors(List<HostMatrix> ws, Precision beside) {
        return switch (Arithmetic.beside(beside)) {
            case FLOAT32 -> super.factors(ws, beside);
            case BFLOAT16 -> FactorsWork.unowned(ws, w -> new CudaFactor(weights.bf16(w.copy())));
        };
    }

    private static List<CudaWeight> of(List<LinearWeight> weights) {
        return weights.stream().map(CudaWeight.class::cast).toList();
    }

    @Override
    public void linear(List<Tensor> ys, Tensor x, List<LinearWeight> ws, Phase phase) {
        products.linear(ys, x, of(ws), phase);
    }

    @Override
    public void linear(
            List<Tensor> ys,
            Tensor x,
            List<LinearWeight> ws,
            List<LowRankRows> parts,
            Phase phase,
            Arithmetic arithmetic) {
        if (manyRows(phase, arithmetic) && !parts.isEmpty()) {
            adapters.linear(CudaTensor.of(ys), CudaTensor.of(x), of(ws), parts, phase);
        } else {
            super.linear(ys, x, ws, parts, phase, arithmetic);
        }
    }

    @Override
    public void lowRank(List<Tensor> ys, List<LowRankRows> parts, Phase phase, Arithmetic arithmetic) {
        if (manyRows(phase, arithmetic)) {
            adapters.add(CudaTensor.of(ys), parts);
        } else {
            super.lowRank(ys, parts, phase, arithmetic);
        }
    }

    /** Whether adapters are further columns of products. */
    private static boolean manyRows(Phase phase, Arithmetic arithmetic) {
        return switch (phase) {
            case TRAINING, PREFILL -> arithmetic == Arithmetic.BFLOAT16;
            case DECODE -> false;
        };
    }

    @Override
    public void linearBackward(Tensor dx, List<Tensor> dys, List<LinearWeight> ws, boolean accumulate) {
        products.linearBackward(dx, dys, of(ws), accumulate);
    }

    @Override
    public void linearBackward(
            Tensor dx, List<Tensor> dys, List<LinearWeight> ws, List<LowRankGradient> parts, Arithmetic arithmetic) {
        if (arithmetic == Arithmetic.BFLOAT16 && !parts.isEmpty()) {
            lowRank.backward(CudaTensor.of(dx), CudaTensor.of(dys), of(ws), parts);
        } else {
            super.linearBackward(dx, dys, ws, parts, arithmetic);
        }
    }

    @Override
    public void embed(Tensor y, Tensor table, int[] ids) {
        embedding.forward(CudaTensor.of(y), CudaTensor.of(table), ids);
    }

    @Override
    public void embed(Tensor y, LinearWeight table, int[] ids) {
        weights.embed(CudaTensor.of(y), (CudaWeight) table, ids);
    }

    @Override
    public void embedBackward(Tensor dTable, Tensor dy, int[] ids) {
        embedding.backward(CudaTensor.of(dTable), CudaTensor.of(dy), ids);
    }

    @Override
    public void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon) {
        norm.forward(CudaTensor.of(y), CudaTensor.of(rstd), CudaTensor.of(x), CudaTensor.of(w), epsilon);
    }

    @Override
    public void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor w, Tensor rstd) {
        norm.backward(CudaTensor.of(dx), CudaTensor.of(dy), CudaTensor.of(x), CudaTensor.of(w), CudaTensor.of(rstd));
    }

    @Override
    public void rmsNormWeightBackward(Tensor dw, Tensor dy, Tensor x, Tensor rstd) {
        norm.weightBackward(CudaTensor.of(dw), CudaTensor.of(dy), CudaTensor.of(x), CudaTensor.of(rstd));
    }

    @Override
    public void rotate(Tensor x, int[] positions, Rope rope, boolean inverse) {
        rotation.rotate(CudaTensor.of(x), positions, rope, inverse);
    }

    @Override
    public void swiGlu(Tensor y, Tensor gate, Tensor up) {
        elements.swiGlu(CudaTensor.of(y), CudaTensor.of(gate), CudaTensor.of(up));
    }

    @Override
    public void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up) {
        elements.swiGluBackward(
                CudaTensor.of(dGate), CudaTensor.of(dUp), CudaTensor.of(dy), CudaTensor.of(gate), CudaTensor.of(up));
    }

    @Override
    public void dropout(Tensor y, Tensor x, DropoutMask mask) {
        elements.dropout(CudaTensor.of(y), CudaTensor.of(x), mask);
    }

    @Override
    public void dropoutBackward(Tensor dx, Tensor dy, DropoutMask mask) {
        elements.dropoutBackward(CudaTensor.of(dx), CudaTensor.of(dy), mask);
    }

    @Override
    public void appendKv(KvCache cache, int layer, Tensor k, Tensor v, int position) {
        attention.append(cache, layer, CudaTensor.of(k), CudaTensor.of(v), position);
    }

    @Override
    public void attention(Tensor out, Tensor q, KvCache cache, int layer, int position, int window) {
        attention.cached(CudaTensor.of(out), CudaTensor.of(q), cache, layer, position, window);
    }

    @Override
    public void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, List<KvCache> caches, int layer, int[] positions, int window) {
        attention.step(
                CudaTensor.of(out),
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                caches,
                layer,
                positions,
                window);
    }

    @Override
    public void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, int[] lengths, int headDim, int window, Arithmetic arithmetic) {
        attention.whole(
                CudaTensor.of(out),
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                lengths,
                headDim,
                window,
                arithmetic);
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
        attentionBackward.run(
                CudaTensor.of(dq),
                CudaTensor.of(dk),
                CudaTensor.of(dv),
                CudaTensor.of(dOut),
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                lengths,
                headDim,
                window,
                arithmetic);
    }

    @Override
    public double[] crossEntropy(Tensor logits, int[] targets, float gradientScale) {
        return loss.crossEntropy(CudaTensor.of(logits), targets, gradientScale);
    }

    @Override
    public double[] logSumExp(Tensor logits) {
        return loss.logSumExp(CudaTensor.of(logits));
    }

    @Override
    public LargestLogits largest(Tensor logits) {
        return loss.largest(CudaTensor.of(logits));
    }

    @Override
    public DrawnLogits draw(Tensor logits, int[] rows, List<Draw> draws) {
        return sampling.draw(CudaTensor.of(logits), rows, draws);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        return optimizer.sumOfSquares(CudaTensor.of(x));
    }

    @Override
    public void adamW(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step) {
        optimizer.adamW(CudaTensor.of(p), CudaTensor.of(m), CudaTensor.of(v), CudaTensor.of(g), step);
    }

    @Override
    public void adamW(List<AdamWPart> parts) {
        optimizer.adamW(parts);
    }

    @Override
    public Optional<BlockwiseMoments> blockwise(BlockwiseState state) {
        return Optional.of(new CudaBlockwiseMoments(device, state));
    }
}
