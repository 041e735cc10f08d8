package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.KvCache;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Which kernel attends, and what a task is: query heads are independent.
 *
 * <p>In bfloat16 over strips {@link StripAttention}, a whole sequence on tiles {@link TiledAttention} with the same bits; in float32
 * {@link CausalAttention}, one query {@link DecodeAttention} with the same bits. Formulas: {@code Backend.attention}.
 */
final class HeadAttention {
    /** Multiply-adds that are not worth a second thread. */
    private static final long SMALL = 32_768;

    private final Workers workers;
    private final Optional<StripAttention> strips;
    private final Optional<ThreadLocal<TiledAttention>> tiled;

    HeadAttention(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.strips = kernels.wideStrips().map(some -> new StripAttention(workers, some));
        this.tiled = kernels.products()
                .map(some -> ThreadLocal.withInitial(
                        () -> new TiledAttention(some, kernels.elements().orElseThrow())));
    }

    CpuKvPages allocate(int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic) {
        return onStrips(headDim, arithmetic)
                ? strips.orElseThrow().allocate(layers, kvHeads, headDim, pages, pageTokens)
                : new FloatKvPages(layers, kvHeads, headDim, pages, pageTokens);
    }

    private boolean onStrips(int headDim, Arithmetic arithmetic) {
        return arithmetic == Arithmetic.BFLOAT16 && strips.isPresent() && StripKvPages.fits(headDim);
    }

    void append(KvCache cache, int layer, CpuTensor k, CpuTensor v, int position) {
        switch (CpuKvPages.of(cache)) {
            case FloatKvPages floats -> floats.append(cache, layer, k, v, position);
            case StripKvPages _ -> strips.orElseThrow().append(cache, layer, k, v, position);
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
        if (strips.isEmpty() || !caches.stream().allMatch(cache -> cache.memory() instanceof StripKvPages)) {
            return false;
        }
        strips.get().step(out, q, k, v, caches, layer, positions, window);
        return true;
    }

    void cached(CpuTensor out, CpuTensor q, KvCache cache, int layer, int position, int window) {
        switch (CpuKvPages.of(cache)) {
            case FloatKvPages floats -> cached(out, q, floats, cache, layer, position, window);
            case StripKvPages _ -> strips.orElseThrow().run(out, q, cache, layer, position, window);
        }
    }

    private void cached(
            CpuTensor out, CpuTensor q, FloatKvPages pages, KvCache cache, int layer, int position, int window) {
        int headDim = pages.headDim();
        int group = q.columns() / headDim / pages.kvHeads();
        int length = position + q.rows();
        CausalAttention causal = new CausalAttention(position, window);
        share(q.columns() / headDim, (long) q.size() * length, head -> {
            Matrix heads = out.columnBlock(head * headDim, headDim);
            Matrix query = q.columnBlock(head * headDim, headDim);
            PagedHead keyValues = new PagedHead(pages, cache, layer, head / group, length);
            if (q.rows() == 1 && DecodeAttention.fits(headDim)) {
                DecodeAttention.forward(heads, query, keyValues, position, window);
            } else {
                causal.forward(heads, query, keyValues);
            }
        });
    }

    /** Of sequences from position 0 with their own k and v. */
    void whole(
            CpuTensor out,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            int[] lengths,
            int headDim,
            int window,
            Arithmetic arithmetic) {
        boolean onStrips = onStrips(headDim, arithmetic);
        if (onStrips && tiled.isEmpty()) {
            forEachSequence(lengths, (from, count) -> strips.orElseThrow()
                    .whole(
                            out.rowBlock(from, count),
                            q.rowBlock(from, count),
                            k.rowBlock(from, count),
                            v.rowBlock(from, count),
                            headDim,
                            window));
            return;
        }
        CausalAttention causal = new CausalAttention(0, window);
        int group = q.columns() / k.columns();
        forEachHead(q, lengths, headDim, (head, from, count) -> {
            Matrix heads = head(out, head, headDim, from, count);
            Matrix queries = head(q, head, headDim, from, count);
            Matrix keys = head(k, head / group, headDim, from, count);
            Matrix values = head(v, head / group, headDim, from, count);
            if (onStrips) {
                tiled.orElseThrow().get().forward(heads, queries, keys, values, window);
            } else {
                causal.forward(heads, queries, new WholeHead(keys.transposed(), values));
            }
        });
    }

    /** Sets dq and the gradients of each head. */
    void backward(
            CpuTensor dq,
            HeadGradients gradients,
            CpuTensor dOut,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            int[] lengths,
            int window,
            Arithmetic arithmetic) {
        int headDim = gradients.dKeys().columns();
        boolean onTiles = tiled.isPresent() && onStrips(headDim, arithmetic);
        CausalAttention causal = new CausalAttention(0, window);
        int group = q.columns() / k.columns();
        forEachHead(q, lengths, headDim, (head, from, count) -> {
            Matrix dQueries = head(dq, head, headDim, from, count);
            Matrix dKeys = gradients.keys(head, from, count);
            Matrix dValues = gradients.values(head, from, count);
            Matrix upstream = head(dOut, head, headDim, from, count);
            Matrix queries = head(q, head, headDim, from, count);
            Matrix keys = head(k, head / group, headDim, from, count);
            Matrix values = head(v, head / group, headDim, from, count);
            if (onTiles) {
                tiled.orElseThrow().get().backward(dQueries, dKeys, dValues, upstream, queries, keys, values, window);
            } else {
                causal.backward(dQueries, dKeys, dValues, upstream, queries, keys, values);
            }
        });
    }

    private static Matrix head(CpuTensor heads, int head, int headDim, int from, int count) {
        return heads.columnBlock(head * headDim, headDim).rowBlock(from, count);
    }

    /** What is done with rows {@code from} to {@code from + count}. */
    private interface Sequence {
        void accept(int from, int count);
    }

    /** As {@link Sequence}, of one query head. */
    private interface Head {
        void accept(int head, int from, int count);
    }

    private static void forEachSequence(int[] lengths, Sequence sequence) {
        int from = 0;
        for (int length : lengths) {
            sequence.accept(from, length);
            from += length;
        }
    }

    /** A task is one query head of one sequence. */
    private void forEachHead(CpuTensor q, int[] lengths, int headDim, Head head) {
        int[] starts = new int[lengths.length];
        for (int s = 1; s < lengths.length; s++) {
            starts[s] = starts[s - 1] + lengths[s - 1];
        }
        int heads = q.columns() / headDim;
        int longest = Arrays.stream(lengths).max().orElse(0);
        share(heads * lengths.length, (long) q.size() * longest, task -> {
            int s = task / heads;
            head.accept(task % heads, starts[s], lengths[s]);
        });
    }

    private void share(int tasks, long work, IntConsumer task) {
        workers.run(tasks, work >= SMALL, task);
    }
}
