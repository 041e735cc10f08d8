package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Operand;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Which kernel attends, and what a task is: query heads are independent.
 *
 * <p>In bfloat16 over strips {@link StripAttention}, a whole sequence on tiles {@link CausalAttention} with the same bits; in float32
 * {@link CausalAttention}, one query {@link DecodeAttention} with the same bits. Formulas: {@code Backend.attention}.
 */
final class HeadAttention {
    /** Multiply-adds that are not worth a second thread. */
    private static final long SMALL = 32_768;

    private final Workers workers;
    private final Optional<StripAttention> strips;
    private final Optional<PackedProduct> packed;

    HeadAttention(Workers workers, CpuKernels kernels, Optional<PackedProduct> packed) {
        this.workers = workers;
        this.strips = kernels.strips().map(some -> new StripAttention(workers, some));
        this.packed = packed;
    }

    CpuKvCache allocate(int layers, int kvHeads, int headDim, int capacity, Arithmetic arithmetic) {
        return onStrips(headDim, arithmetic)
                ? new StripKvCache(layers, kvHeads, headDim, capacity)
                : new FloatKvCache(layers, kvHeads, headDim, capacity);
    }

    private boolean onStrips(int headDim, Arithmetic arithmetic) {
        return arithmetic == Arithmetic.BFLOAT16 && strips.isPresent() && StripKvCache.fits(headDim);
    }

    void append(CpuKvCache cache, int layer, CpuTensor k, CpuTensor v, int position) {
        switch (cache) {
            case FloatKvCache floats -> floats.append(layer, k, v, position);
            case StripKvCache strip -> strips.orElseThrow().append(strip, layer, k, v, position);
        }
    }

    /** One token of each of several sequences, appended first; false, and nothing done, unless all caches are strips. */
    boolean step(
            CpuTensor out,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            List<KvCache> caches,
            int layer,
            int[] positions,
            int window) {
        if (strips.isEmpty() || !caches.stream().allMatch(StripKvCache.class::isInstance)) {
            return false;
        }
        List<StripKvCache> some = caches.stream().map(StripKvCache.class::cast).toList();
        strips.get().step(out, q, k, v, some, layer, positions, window);
        return true;
    }

    void cached(CpuTensor out, CpuTensor q, CpuKvCache cache, int layer, int position, int window) {
        switch (cache) {
            case FloatKvCache floats -> cached(out, q, floats, layer, position, window);
            case StripKvCache strip -> strips.orElseThrow().run(out, q, strip, layer, position, window);
        }
    }

    private void cached(CpuTensor out, CpuTensor q, FloatKvCache kv, int layer, int position, int window) {
        int headDim = kv.headDim();
        int group = q.columns() / headDim / kv.kvHeads();
        int first = CausalAttention.firstKey(position, window);
        int count = position + q.rows() - first;
        CausalAttention causal = new CausalAttention(PanelProduct::run, position - first, window);
        share(q.columns() / headDim, (long) q.size() * (position + q.rows()), head -> {
            Matrix heads = out.columnBlock(head * headDim, headDim);
            Matrix query = q.columnBlock(head * headDim, headDim);
            Matrix keys = kv.keysTransposed(layer, head / group, first, count);
            Matrix values = kv.values(layer, head / group, first, count);
            if (q.rows() == 1 && DecodeAttention.fits(headDim)) {
                DecodeAttention.forward(heads, query, keys, values, position - first, window);
            } else {
                causal.forward(heads, query, keys, values);
            }
        });
    }

    /** Of a sequence from position 0 with its own k and v. */
    void whole(CpuTensor out, CpuTensor q, CpuTensor k, CpuTensor v, int headDim, int window, Arithmetic arithmetic) {
        if (onStrips(headDim, arithmetic) && packed.isEmpty()) {
            strips.orElseThrow().whole(out, q, k, v, headDim, window);
            return;
        }
        int group = q.columns() / k.columns();
        MatrixProduct product = onStrips(headDim, arithmetic) ? product(arithmetic) : PanelProduct::run;
        CausalAttention causal = new CausalAttention(product, 0, window);
        share(q.columns() / headDim, (long) q.size() * q.rows(), head -> {
            int kvColumn = head / group * headDim;
            causal.forward(
                    out.columnBlock(head * headDim, headDim),
                    q.columnBlock(head * headDim, headDim),
                    k.columnBlock(kvColumn, headDim).transposed(),
                    v.columnBlock(kvColumn, headDim));
        });
    }

    /** Adds to dq and to the gradients of each head. */
    void backward(
            CpuTensor dq,
            HeadGradients gradients,
            CpuTensor dOut,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            int window,
            Arithmetic arithmetic) {
        int headDim = gradients.dKeys().columns();
        int group = q.columns() / k.columns();
        CausalAttention causal = new CausalAttention(product(arithmetic), 0, window);
        share(q.columns() / headDim, (long) q.size() * q.rows(), head -> {
            int kvColumn = head / group * headDim;
            causal.backward(
                    dq.columnBlock(head * headDim, headDim),
                    gradients.dKeys().matrix(Operand.PLAIN).rowBlock(head * q.rows(), q.rows()),
                    gradients.dValues().matrix(Operand.PLAIN).rowBlock(head * q.rows(), q.rows()),
                    dOut.columnBlock(head * headDim, headDim),
                    q.columnBlock(head * headDim, headDim),
                    k.columnBlock(kvColumn, headDim),
                    v.columnBlock(kvColumn, headDim));
        });
    }

    private MatrixProduct product(Arithmetic arithmetic) {
        return switch (arithmetic) {
            case FLOAT32 -> PanelProduct::run;
            case BFLOAT16 ->
                packed.<MatrixProduct>map(product -> product::alone).orElse(PanelProduct::run);
        };
    }

    private void share(int tasks, long work, IntConsumer task) {
        if (work < SMALL) {
            for (int i = 0; i < tasks; i++) {
                task.accept(i);
            }
        } else {
            workers.run(tasks, task);
        }
    }
}
