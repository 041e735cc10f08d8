package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.cpu.AttentionRows.Rows;
import io.livegraft.gpu.machinecode.HugeMemory;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Attention in bfloat16 over strips of keys and values, few rows at a time, in the same bits whichever they are.
 *
 * <pre>{@code
 *   s[j] = Σ_d bf16(q[d]/√D) · bf16(k[j,d])      p = softmax(s), float32      out[d] = Σ_j bf16(p[j]) · bf16(v[j,d])
 * }</pre>
 *
 * Sums are those of {@link AttentionRows}: those over j begin at a multiple of 32 and have zeros for what a row doesn't see.
 */
final class StripAttention {
    /** Multiply-adds that are not worth handing over. */
    private static final long SMALL = 100_000;
    /** Of any task of a step, in multiply-adds. */
    private static final long TASK_WORK = 16_000;
    /** Positions of a task, which are a page's or less. */
    private static final int APPENDED = KvPages.LEAST_TOKENS;
    /** Of an element, in multiply-adds. */
    private static final long APPEND_WORK = 16;

    private final Workers workers;
    private final HugeMemory memory;
    private final int most;
    private final ThreadLocal<AttentionRows> rows;

    StripAttention(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.memory = kernels.memory();
        this.most = AttentionRows.most(kernels);
        this.rows = ThreadLocal.withInitial(() -> AttentionRows.of(kernels));
    }

    StripKvPages allocate(int layers, int kvHeads, int headDim, int pages, int pageTokens) {
        return new StripKvPages(memory, layers, kvHeads, headDim, pages, pageTokens);
    }

    /** Writes k and v (count, G·D) of one layer at {@code position} and on: tasks never share a tile, nor cross a page. */
    void append(KvCache cache, int layer, CpuTensor k, CpuTensor v, int position) {
        StripKvPages pages = (StripKvPages) cache.memory();
        pages.requireRoom(cache, k, v, position);
        int kvHeads = pages.kvHeads();
        int first = position / APPENDED;
        int blocks = Math.ceilDiv(position + k.rows(), APPENDED) - first;
        share(blocks * kvHeads, APPEND_WORK * k.size(), task -> {
            int block = first + task / kvHeads;
            int from = Math.max(position, block * APPENDED);
            int count = Math.min(position + k.rows(), (block + 1) * APPENDED) - from;
            CpuTensor keys = k.rowBlock(from - position, count);
            pages.append(cache, layer, task % kvHeads, keys, v.rowBlock(from - position, count), from);
        });
    }

    /** Of queries at {@code position} and on, which the cache has: tasks are a head and a few queries, head by head. */
    void run(CpuTensor out, CpuTensor q, KvCache cache, int layer, int position, int window) {
        StripKvPages pages = (StripKvPages) cache.memory();
        int headDim = pages.headDim();
        int heads = q.columns() / headDim;
        int group = heads / pages.kvHeads();
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
        KvCache cache = new KvCache(allocate(1, k.columns() / headDim, headDim, 1, k.rows()), k.rows());
        cache.add(0);
        append(cache, 0, k, v, 0);
        run(out, q, cache, 0, 0, window);
    }

    /** One token of each of several sequences; tasks are a sequence and a key-value head. */
    void step(
            CpuTensor out,
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            List<KvCache> caches,
            int layer,
            int[] positions,
            int window) {
        StripKvPages pages = (StripKvPages) caches.getFirst().memory();
        int kvHeads = pages.kvHeads();
        int headDim = pages.headDim();
        for (int n = 0; n < positions.length; n++) {
            pages.requireRoom(caches.get(n), k.rowBlock(n, 1), v.rowBlock(n, 1), positions[n]);
        }
        long work = TASK_WORK * kvHeads * positions.length;
        for (int position : positions) {
            work += (long) q.columns() * Math.min(position + 1, window);
        }
        share(caches.size() * kvHeads, work, task -> {
            int n = task / kvHeads;
            int head = task % kvHeads;
            KvCache cache = caches.get(n);
            ((StripKvPages) cache.memory())
                    .append(cache, layer, head, k.rowBlock(n, 1), v.rowBlock(n, 1), positions[n]);
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
