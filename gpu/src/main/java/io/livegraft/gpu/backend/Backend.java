package io.livegraft.gpu.backend;

import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.List;
import java.util.Optional;

/**
 * One device's tensor operations. Shapes are (rows, columns); N = rows of a batch (all tokens of all its sequences), C =
 * channels, V = vocabulary, H = query heads, G = key and value heads, D = head dimension, T = positions.
 *
 * <p>One method an operation, forward and backward side by side, each with its formula: as long as what a device must be able to do.
 *
 * <p>A shape that doesn't fit is a broken invariant of the caller: {@link IllegalArgumentException} with both shapes.
 */
public interface Backend extends AutoCloseable {
    /** What the bits of results depend on: backend, kernels and their version. Part of every config digest. */
    String profile();

    // memory

    /** A new tensor of zeros, in the workspace in use, else in memory of its own. */
    Tensor allocate(int rows, int columns);

    /** As {@link #allocate} for a tensor that is written before it is read: its values are any. */
    Tensor allocateUnset(int rows, int columns);

    /** As {@link #allocateUnset(int, int)} for values that this backend may keep out of its device's memory. Never changes a bit. */
    default Tensor allocateUnset(Offloadable what, int rows, int columns) {
        return allocateUnset(rows, columns);
    }

    /** Whether it keeps these out of its device's memory now. */
    default boolean offloads(Offloadable what) {
        return false;
    }

    /** Empty memory for the tensors of a pass, until it is closed. */
    Workspace workspace();

    /** Closing it ends the life of the tensors that were allocated since in the workspace in use. */
    Workspace.Scope temporaries();

    /**
     * Says that the operations until the scope is closed are likely to come again, in the same order and shapes: a backend may record
     * them. Never changes a bit of any result.
     */
    default Workspace.Scope repeated() {
        return () -> {};
    }

    /** A new tensor that holds {@code values}, row-major. */
    Tensor upload(float[] values, int rows, int columns);

    /** Copies {@code values} into a tensor, row-major. */
    void upload(Tensor to, float[] values);

    void download(float[] out, Tensor tensor);

    /** {@code to = from}, of one shape, wherever they live. */
    default void copy(Tensor to, Tensor from) {
        float[] values = new float[from.rows() * from.columns()];
        download(values, from);
        upload(to, values);
    }

    /** Rows {@code from} to {@code from + count}, sharing memory. */
    Tensor rows(Tensor tensor, int from, int count);

    /** {@code rows · columns} elements from {@code offset} on of a tensor's memory, as a matrix that shares it. */
    Tensor view(Tensor tensor, int offset, int rows, int columns);

    /** A frozen linear weight of shape (out, in). */
    LinearWeight freeze(HostTensor weight, Precision precision);

    /** As above for a weight that is quantized already, which keeps its very bits. */
    LinearWeight freeze(QuantizedTensor weight);

    /** A frozen table (V,C) in FP32 or BF16 for {@link #embed(Tensor, LinearWeight, int[])} alone: no product is taken with it. */
    LinearWeight freezeTable(HostTensor table, Precision precision);

    /**
     * Room for many sequences.
     *
     * @param arithmetic of attention over them: {@link Arithmetic#BFLOAT16} permits to keep keys and values rounded
     */
    KvPages allocateKvPages(int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic);

    /** Room for one sequence, of a single page. */
    default KvCache allocateKvCache(int layers, int kvHeads, int headDim, int capacity, Arithmetic arithmetic) {
        KvCache cache = new KvCache(allocateKvPages(layers, kvHeads, headDim, 1, capacity, arithmetic), capacity);
        cache.add(0);
        return cache;
    }

    // element-wise

    void zero(Tensor x);

    /** {@code y += x}. */
    void add(Tensor y, Tensor x);

    /** {@code y[n,c] += bias[c]}, y (N,C), bias (1,C). */
    void addBias(Tensor y, Tensor bias);

    /** {@code dBias[c] += Σ_n dy[n,c]}, in order of n. */
    void addBiasBackward(Tensor dBias, Tensor dy);

    // products

    /** {@code c (M,N) = or += scale · op(a) (M,K) · op(b) (K,N)}. */
    void multiply(
            Tensor c,
            Tensor a,
            Operand aOperand,
            Tensor b,
            Operand bOperand,
            float scale,
            boolean accumulate,
            Arithmetic arithmetic);

    /**
     * Several weights over the same rows, each with the bits that it has alone.
     *
     * <pre>{@code
     *   ys[i] (N,out[i]) = x (N,in) · ws[i]ᵀ
     * }</pre>
     */
    void linear(List<Tensor> ys, Tensor x, List<LinearWeight> ws, Phase phase);

    /**
     * {@link #linear(List, Tensor, List, Phase)} and then {@link #lowRank}, in the same bits: layers with what adapters add to them.
     */
    default void linear(
            List<Tensor> ys,
            Tensor x,
            List<LinearWeight> ws,
            List<LowRankRows> parts,
            Phase phase,
            Arithmetic arithmetic) {
        linear(ys, x, ws, phase);
        if (!parts.isEmpty()) {
            lowRank(ys, parts, phase, arithmetic);
        }
    }

    /** Rows of a chain that suit {@link #multiply(List, Arithmetic)} best: enough for a product, few enough for all workers to get some. */
    default int chainRows() {
        return 64;
    }

    /**
     * Many small products: the chains are independent of each other, the products of a chain run in order. Right-hand sides
     * keep their values during the call, left-hand ones within a chain once they have been read.
     */
    default void multiply(List<List<Product>> chains, Arithmetic arithmetic) {
        for (List<Product> chain : chains) {
            for (Product p : chain) {
                TensorFactor b = (TensorFactor) p.b();
                multiply(p.c(), p.a(), p.aOperand(), b.tensor(), b.operand(), p.scale(), p.accumulate(), arithmetic);
            }
        }
    }

    /**
     * What adapters add to layers that read the same rows, each its own; {@link #lowRankBackward} is the way back.
     *
     * <pre>{@code
     *   ys[i] (N,out[i]) += s·(x·Aᵀ)·Bᵀ      in the rows that a part names, with its pair for layer i
     * }</pre>
     *
     * @param phase of all parts
     */
    default void lowRank(List<Tensor> ys, List<LowRankRows> parts, Phase phase, Arithmetic arithmetic) {
        LowRankChains.forward(this, ys, parts, arithmetic);
    }

    /**
     * Backward of adapters in training, {@link LowRankGradient}: what is added to the same rows of dx, or to the same gradient, in the
     * order of the parts. Parts share whole tensors dx or none of their rows.
     */
    default void lowRankBackward(List<LowRankGradient> parts, Arithmetic arithmetic) {
        LowRankChains.backward(this, parts, arithmetic);
    }

    /**
     * {@code wᵀ} of each of some matrices (N,K) as factors that are multiplied with often and never change, a slice at a time. Bits don't
     * depend on what else is frozen with one.
     *
     * @param beside of the weights whose products theirs are added to: they may be rounded as {@link Arithmetic#beside} that says, and
     *     beside quantized weights once more for {@link Phase#DECODE}
     */
    default SlicedWork<Factors> factors(List<HostMatrix> ws, Precision beside) {
        return FactorsWork.unowned(
                ws, w -> new TensorFactor(upload(w.copy().values(), w.rows(), w.columns()), Operand.TRANSPOSED));
    }

    /** As above for one matrix, for as long as it is reachable. */
    default Factor factor(HostTensor w, Precision beside) {
        return factors(List.of(HostMatrix.of(w)), beside).finish().all().getFirst();
    }

    /** {@code y (N,out) = x (N,in) · wᵀ}. */
    default void linear(Tensor y, Tensor x, LinearWeight w, Phase phase) {
        linear(List.of(y), x, List.of(w), phase);
    }

    /** {@code dx (N,in) = or += Σ_i dys[i] (N,out[i]) · ws[i]}, in order of i; a frozen weight has no gradient. */
    void linearBackward(Tensor dx, List<Tensor> dys, List<LinearWeight> ws, boolean accumulate);

    /** {@link #linearBackward(Tensor, List, List, boolean)}, which sets dx, and then {@link #lowRankBackward}, in the same bits. */
    default void linearBackward(
            Tensor dx, List<Tensor> dys, List<LinearWeight> ws, List<LowRankGradient> parts, Arithmetic arithmetic) {
        linearBackward(dx, dys, ws, false);
        if (!parts.isEmpty()) {
            lowRankBackward(parts, arithmetic);
        }
    }

    /** {@code dx (N,in) += dy (N,out) · w}. */
    default void linearBackward(Tensor dx, Tensor dy, LinearWeight w) {
        linearBackward(dx, List.of(dy), List.of(w), true);
    }

    // layers

    /** {@code y[n] = table[ids[n]]}. */
    void embed(Tensor y, Tensor table, int[] ids);

    /** The same from a frozen table (V,C), or a frozen weight that is one: the values that it decodes to, exactly. */
    void embed(Tensor y, LinearWeight table, int[] ids);

    /** {@code dTable[ids[n]] += dy[n]}, in order of n. */
    void embedBackward(Tensor dTable, Tensor dy, int[] ids);

    /**
     * Root-mean-square normalisation (Zhang and Sennrich, arXiv 1910.07467, equation 4).
     *
     * <pre>{@code
     *   rstd[n] = 1 / sqrt( (1/C) Σ_c x[n,c]² + ε )          y[n,c] = x[n,c] · rstd[n] · w[c]
     *   x, y (N,C)   rstd (N,1)   w (1,C)
     * }</pre>
     */
    void rmsNorm(Tensor y, Tensor rstd, Tensor x, Tensor w, float epsilon);

    /**
     * <pre>{@code
     *   dx[n,c] += rstd[n] · ( w[c]·dy[n,c] − x̂[n,c] · (1/C) Σ_k x̂[n,k]·w[k]·dy[n,k] )      x̂ = x·rstd
     * }</pre>
     */
    void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor w, Tensor rstd);

    /** {@code dw[c] += Σ_n x[n,c] · rstd[n] · dy[n,c]}, in order of n. */
    void rmsNormWeightBackward(Tensor dw, Tensor dy, Tensor x, Tensor rstd);

    /**
     * Turns every head of every row by its position, in place.
     *
     * <pre>{@code
     *   (x[i], x[i+D/2]) = (x[i]·cos φ − x[i+D/2]·sin φ,  x[i+D/2]·cos φ + x[i]·sin φ)      φ = angle(position, i)
     * }</pre>
     *
     * @param inverse turns back: the backward pass, since a rotation's transpose is its inverse
     */
    void rotate(Tensor x, int[] positions, Rope rope, boolean inverse);

    /** {@code y = silu(gate) · up, silu(g) = g / (1 + e^−g)} (Shazeer, arXiv 2002.05202). */
    void swiGlu(Tensor y, Tensor gate, Tensor up);

    /** {@code dUp = dy · silu(gate);  dGate = dy · up · σ(gate) · (1 + gate · (1 − σ(gate)))}; dGate may be gate where dUp is up. */
    void swiGluBackward(Tensor dGate, Tensor dUp, Tensor dy, Tensor gate, Tensor up);

    /**
     * Drops elements by a mask that counts them row by row from the first of {@code x}.
     *
     * <pre>{@code
     *   y[i] = keeps(i) ? scale · x[i] : 0
     * }</pre>
     */
    void dropout(Tensor y, Tensor x, DropoutMask mask);

    /** {@code dx[i] += keeps(i) ? scale · dy[i] : 0}, with the mask of the forward pass. */
    void dropoutBackward(Tensor dx, Tensor dy, DropoutMask mask);

    // attention

    /** Writes keys and values (count, G·D) of one layer at {@code position} and on. */
    void appendKv(KvCache cache, int layer, Tensor k, Tensor v, int position);

    /**
     * Causal attention of one sequence's queries over its cache (Vaswani et al., arXiv 1706.03762, equation 1).
     *
     * <pre>{@code
     *   out[i,h] = Σ_j p[j] · v[j, h·G/H]      p = softmax_j( q[i,h] · k[j, h·G/H] / √D ),
     *   position + i − window < j ≤ position + i                out, q (count, H·D)
     * }</pre>
     *
     * @param window keys that a query sees, itself included (Mistral, arXiv 2310.06825, section 2); {@link
     *     Integer#MAX_VALUE} for all
     */
    void attention(Tensor out, Tensor q, KvCache cache, int layer, int position, int window);

    /**
     * The next token of N different sequences: row n of k and v (N, G·D) is appended to {@code caches[n]} at {@code positions[n]},
     * then row n of q (N, H·D) attends. The same bits as one sequence after the other.
     */
    default void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, List<KvCache> caches, int layer, int[] positions, int window) {
        for (int n = 0; n < positions.length; n++) {
            appendKv(caches.get(n), layer, rows(k, n, 1), rows(v, n, 1), positions[n]);
            attention(rows(out, n, 1), rows(q, n, 1), caches.get(n), layer, positions[n], window);
        }
    }

    /**
     * The same for whole sequences from position 0, with their own k and v (N, G·D), one behind the other: each in the bits of a cache
     * with this arithmetic.
     *
     * @param lengths rows of each sequence, N together
     */
    void attention(
            Tensor out, Tensor q, Tensor k, Tensor v, int[] lengths, int headDim, int window, Arithmetic arithmetic);

    /** As above for one sequence. */
    default void attention(Tensor out, Tensor q, Tensor k, Tensor v, int headDim, int window, Arithmetic arithmetic) {
        attention(out, q, k, v, new int[] {q.rows()}, headDim, window, arithmetic);
    }

    /**
     * Backward of attention over whole sequences, with the arithmetic of their forward pass; probabilities are computed again.
     *
     * <pre>{@code
     *   dv[j] = Σ_i p[i,j] · dOut[i]      dp[i,j] = dOut[i] · v[j]      ds[i,j] = p[i,j] · ( dp[i,j] − Σ_k p[i,k]·dp[i,k] ) / √D
     *   dq[i] = Σ_j ds[i,j] · k[j]        dk[j] = Σ_i ds[i,j] · q[i]                    sums over i also over the heads of a group
     *   dq, dOut, q (N, H·D)   dk, dv, k, v (N, G·D)
     * }</pre>
     *
     * @param lengths rows of each sequence, N together
     */
    void attentionBackward(
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
            Arithmetic arithmetic);

    // loss and optimizer

    /**
     * Cross-entropy of each row against its target; the logits (N,V) become their own gradient in place.
     *
     * <pre>{@code
     *   nll[n] = −log softmax(logits[n])[targets[n]]      logits[n,v] = gradientScale · ( softmax(logits[n])[v] − [v = targets[n]] )
     * }</pre>
     *
     * Rows with target −1 have nll 0 and gradient 0.
     *
     * @return nll of each row, in nats
     */
    double[] crossEntropy(Tensor logits, int[] targets, float gradientScale);

    /** {@code ln Σ_v e^logits[n,v]} of each row of logits (N,V): what a logit lacks to a log-probability, in nats. */
    double[] logSumExp(Tensor logits);

    /** The largest of each row of logits (N,V), the lowest of equal ones: what is drawn without a temperature. */
    default LargestLogits largest(Tensor logits) {
        int[] ids = new int[logits.rows()];
        float[] values = new float[logits.rows()];
        float[] row = new float[logits.columns()];
        for (int n = 0; n < ids.length; n++) {
            download(row, rows(logits, n, 1));
            ids[n] = LargestLogits.idOf(row);
            values[n] = row[ids[n]];
        }
        return new LargestLogits(ids, values);
    }

    /**
     * Draws a token from each of some rows of logits (N,V), which are as before afterwards; formula: {@link HostSampling}. The ids
     * are the same on every backend, whoever is drawn for beside them.
     *
     * @param rows of the logits, each once
     * @param draws one for each of them
     */
    default DrawnLogits draw(Tensor logits, int[] rows, List<Draw> draws) {
        return new HostSampling().draw(this, logits, rows, draws);
    }

    /** {@code Σ x²}, in a fixed order and double precision. */
    double sumOfSquares(Tensor x);

    /**
     * AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2), element by element.
     *
     * <pre>{@code
     *   g' = gradientScale · g      m = β₁m + (1−β₁)g'      v = β₂v + (1−β₂)g'²
     *   p = p·(1 − lr·λ) − lr · (m/(1−β₁ᵗ)) / ( √(v/(1−β₂ᵗ)) + ε )
     * }</pre>
     */
    void adamW(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step);

    /** The same for several tensors, which share no element. */
    default void adamW(List<AdamWPart> parts) {
        for (AdamWPart part : parts) {
            adamW(part.p(), part.m(), part.v(), part.g(), part.step());
        }
    }

    /** Moments that this backend keeps in 8 bits, in the workspace in use, and steps by itself; none where the caller has to. */
    default Optional<BlockwiseMoments> blockwise(BlockwiseState state) {
        return Optional.empty();
    }

    @Override
    void close();
}
