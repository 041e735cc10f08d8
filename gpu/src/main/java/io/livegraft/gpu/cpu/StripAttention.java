package io.livegraft.gpu.cpu;

import io.livegraft.gpu.cpu.AttentionRows.Rows;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Attention in bfloat16 over strips of keys and values, few rows at a time, in the same bits whichever they are.
 *
 * <pre>{@code
 *   s[j] = Σ_d bf16(q[d]/√D) · bf16(k[j,d])      p = softmax(s), float32      out[d] = Σ_j bf16(p[j]) · bf16(v[j,d])
 * }</pre>
 *
 * Sums are {@code RowKernel}'s, in tiles of 32: those over j begin at a multiple of 32 and have zeros for what a row doesn't see.
 */
final class StripAttention {
    /** Multiply-adds that are not worth handing over. */
    private static final long SMALL = 100_000;
    /** Of any task of a step, in multiply-adds. */
    private static final long TASK_WORK = 16_000;
    /** Positions of a task. */
    private static final int APPENDED = 64;
    /** Of an element, in multiply-adds. */
    private static final long APPEND_WORK = 16;

    private final Workers workers;
    private final int most;
    private final ThreadLocal<AttentionRows> rows;

    StripAttention(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.most = AttentionRows.most(kernels);
        this.rows = ThreadLocal.withInitial(() -> new AttentionRows(kernels));
    }

    /** Writes k and v (count, G·D) of one layer at {@code position} and on. */
    void append(StripKvCache cache, int layer, CpuTensor k, CpuTensor v, int position) {
        cache.requireRoom(k, v, position);
        int blocks = Math.ceilDiv(k.rows(), APPENDED);
        share(blocks * cache.kvHeads(), APPEND_WORK * k.size(), task -> {
            int from = task / cache.kvHeads() * APPENDED;
            int count = Math.min(APPENDED, k.rows() - from);
            CpuTensor keys = k.rowBlock(from, count);
            cache.append(layer, task % cache.kvHeads(), keys, v.rowBlock(from, count), position + from);
        });
    }

    /** Of queries at {@code position} and on, which the cache has: tasks are a head and a few queries, head by head. */
    void run(CpuTensor out, CpuTensor q, StripKvCache cache, int layer, int position, int window) {
        int headDim = cache.headDim();
        int heads = q.columns() / headDim;
        int group = heads / cache.kvHeads();
        int blocks = Math.ceilDiv(q.rows(), most);
        share(heads * blocks, (long) q.size() * (position + q.rows()), task -> {
            int query = (blocks - 1 - task % blocks) * most;
            int head = task / blocks;
            int count = Math.min(most, q.rows() - query);
            int offset = query * q.columns() + head * headDim;
            Rows some = new Rows(offset, q.columns(), count, position + query, 1);
            rows.get().run(out, q, some, cache, layer, head / group, window);
        });
    }

    /** Of a sequence from position 0 with its own k and v; nothing is kept. */
    void whole(CpuTensor out, CpuTensor q, CpuTensor k, CpuTensor v, int headDim, int window) {
        StripKvCache cache = new StripKvCache(1, k.columns() / headDim, headDim, k.rows());
        append(cache, 0, k, v, 0);
        run(out, q, cache, 0, 0, window);
    }

    /** One token of each of several sequences; tasks are a sequence and a key-value head. */
    void step(
            CpuTensor out,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            List<StripKvCache> caches,
            int layer,
            int[] positions,
            int window) {
        int kvHeads = caches.getFirst().kvHeads();
        for (int n = 0; n < positions.length; n++) {
            caches.get(n).requireRoom(k.rowBlock(n, 1), v.rowBlock(n, 1), positions[n]);
        }
        long work = TASK_WORK * kvHeads * positions.length;
        for (int position : positions) {
            work += (long) q.columns() * Math.min(position + 1, window);
        }
        share(caches.size() * kvHeads, work, task -> {
            int n = task / kvHeads;
            int head = task % kvHeads;
            StripKvCache cache = caches.get(n);
            cache.append(layer, head, k.rowBlock(n, 1), v.rowBlock(n, 1), positions[n]);
            int headDim = cache.headDim();
            int group = q.columns() / headDim / kvHeads;
            for (int h = 0; h < group; h += most) {
                int offset = n * q.columns() + (head * group + h) * headDim;
                Rows some = new Rows(offset, headDim, Math.min(most, group - h), positions[n], 0);
                rows.get().run(out, q, some, cache, layer, head, window);
            }
        });
    }

    private void share(int tasks, long work, IntConsumer task) {
        workers.run(tasks, work >= SMALL, task);
    }
}
