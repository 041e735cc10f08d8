package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * Attention, in the same bits whether a query comes with its prompt, as the next token or in a whole sequence; formulas:
 * {@code Backend.attention}. Kernels: attention_float.cu in float32; in bfloat16 attention_step.cu for the next token,
 * attention_tile.cu for everything else.
 */
final class CudaAttention {
    private static final int THREADS = 128;
    private static final int WARP = 32;
    private static final int FLOAT_ROWS = 16;
    private static final int STEP_ROWS = 16;
    private static final int TILE_ROWS = 128;
    private static final int KEYS = 64;
    /** Keys whose sums are by themselves. */
    private static final int STRETCH = 512;

    private final CudaDevice device;
    private final CudaKernel appendFloat;
    private final CudaKernel appendBf16;
    private final CudaKernel gather;
    private final CudaKernel join;

    CudaAttention(CudaDevice device) {
        this.device = device;
        this.appendFloat = device.kernel("attention_float", "append_float");
        this.appendBf16 = device.kernel("attention_step", "append_bf16");
        this.gather = device.kernel("attention_step", "gather_bf16");
        this.join = device.kernel("attention_step", "attention_join");
    }

    CudaKvPages allocate(int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic) {
        CudaKvForm form = CudaKvForm.of(arithmetic, headDim);
        return CudaKvPages.allocate(device.memory(), form, layers, kvHeads, headDim, pages, pageTokens);
    }

    void append(KvCache cache, int layer, CudaTensor k, CudaTensor v, int position) {
        v.requireShapeOf(k);
        CudaKvPages pages = CudaKvPages.of(cache);
        pages.requireRoom(cache, k.rows(), k.columns(), position);
        SequenceTable table = new SequenceTable(1);
        pages.describe(device, table, cache, 0, k.rows(), position);
        append(pages.form(), k, v, table, table.send(device), layer, pages.headDim());
    }

    private void append(
            CudaKvForm form, CudaTensor k, CudaTensor v, SequenceTable table, long sent, int layer, int headDim) {
        int kvHeads = k.columns() / headDim;
        switch (form) {
            case FLOAT32 ->
                appendFloat
                        .arguments()
                        .tensor(k)
                        .tensor(v)
                        .address(sent)
                        .integer(layer)
                        .integer(kvHeads)
                        .integer(headDim)
                        .launch(table.longest(), table.count(), 1, THREADS, 0);
            case BF16 ->
                appendBf16
                        .arguments()
                        .tensor(k)
                        .tensor(v)
                        .address(sent)
                        .integer(layer)
                        .integer(headDim)
                        .integer(form.columns(headDim))
                        .launch(table.longest(), table.count(), kvHeads, WARP, 0);
        }
    }

    /** Of one sequence over its cache. */
    void cached(CudaTensor out, CudaTensor q, KvCache cache, int layer, int position, int window) {
        out.requireShapeOf(q);
        CudaKvPages pages = CudaKvPages.of(cache);
        SequenceTable table = new SequenceTable(1);
        pages.describe(device, table, cache, 0, q.rows(), position);
        Heads heads = Heads.of(q.columns(), pages.kvHeads(), pages.headDim());
        long sent = table.send(device);
        if (pages.form() == CudaKvForm.BF16 && pages.count() > 1) {
            gathered(out, q, pages, sent, layer, position, heads, window);
        } else {
            attend(pages.form(), out, Optional.empty(), q, table, sent, layer, heads, window);
        }
    }

    /** Over a copy without pages: attention_tile has no register left to look them up in, and reads each key for many queries. */
    private void gathered(
            CudaTensor out,
            CudaTensor q,
            CudaKvPages pages,
            long sent,
            int layer,
            int position,
            Heads heads,
            int window) {
        int length = position + q.rows();
        int columns = pages.form().columns(heads.dim());
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor keys = device.workspaces().unset(heads.kvHeads() * length, columns / 2);
            CudaTensor values = device.workspaces().unset(heads.kvHeads() * length, columns / 2);
            gather.arguments()
                    .tensor(keys)
                    .tensor(values)
                    .address(sent)
                    .integer(layer)
                    .integer(columns)
                    .launch(length, 1, heads.kvHeads(), columns / 8, 0);
            SequenceTable table = new SequenceTable(1);
            long headStride = (long) length * columns;
            table.add(new SequenceTable.Line(
                    0, q.rows(), position, keys.address(), values.address(), columns, headStride, 0, 0, 0, 0));
            attend(pages.form(), out, Optional.empty(), q, table, table.send(device), 0, heads, window);
        }
    }

    /** The next token of each of several sequences. */
    void step(
            CudaTensor out,
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            List<KvCache> caches,
            int layer,
            int[] positions,
            int window) {
        out.requireShape(positions.length, q.columns());
        q.requireShapeOf(out);
        k.requireShape(positions.length, k.columns());
        v.requireShapeOf(k);
        CudaKvPages one = CudaKvPages.of(caches.getFirst());
        SequenceTable table = new SequenceTable(caches.size());
        int capacity = 0;
        for (int n = 0; n < positions.length; n++) {
            KvCache cache = caches.get(n);
            CudaKvPages pages = CudaKvPages.of(cache);
            requireLike(one, pages);
            pages.requireRoom(cache, 1, k.columns(), positions[n]);
            pages.describe(device, table, cache, n, 1, positions[n]);
            capacity = Math.max(capacity, cache.capacity());
        }
        long sent = table.send(device);
        Heads heads = Heads.of(q.columns(), one.kvHeads(), one.headDim());
        switch (one.form()) {
            case FLOAT32 -> {
                append(one.form(), k, v, table, sent, layer, one.headDim());
                attend(one.form(), out, Optional.empty(), q, table, sent, layer, heads, window);
            }
            case BF16 -> step(out, q, k, v, sent, layer, heads, window, Math.ceilDiv(capacity, STRETCH));
        }
    }

    private static void requireLike(CudaKvPages one, CudaKvPages other) {
        if (one.form() != other.form() || one.kvHeads() != other.kvHeads() || one.headDim() != other.headDim()) {
            throw new IllegalArgumentException("one step over caches of %d heads of %d in %s and of %d of %d in %s"
                    .formatted(
                            one.kvHeads(), one.headDim(), one.form(), other.kvHeads(), other.headDim(), other.form()));
        }
    }

    private void step(
            CudaTensor out,
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            long sent,
            int layer,
            Heads heads,
            int window,
            int stretches) {
        int count = q.rows();
        int padded = CudaKvForm.BF16.columns(heads.dim());
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor parts = device.workspaces().unset(count * heads.count() * stretches, heads.dim() + 2);
            device.kernel("attention_step", "attention_step_" + padded)
                    .arguments()
                    .tensor(out)
                    .tensor(parts)
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .address(sent)
                    .integer(layer)
                    .integer(heads.group())
                    .integer(heads.kvHeads())
                    .integer(heads.dim())
                    .integer(window)
                    .number(heads.binaryScale())
                    .launch(
                            stretches,
                            heads.kvHeads() * Math.ceilDiv(heads.group(), STEP_ROWS),
                            count,
                            THREADS,
                            2 * (STEP_ROWS + 4 * KEYS) * padded);
            if (stretches > 1) {
                join.arguments()
                        .tensor(out)
                        .tensor(parts)
                        .address(sent)
                        .integer(stretches)
                        .integer(heads.dim())
                        .integer(window)
                        .number(heads.binaryScale())
                        .launch(heads.count(), count, 1, Math.ceilDiv(heads.dim(), 32) * 32, 0);
            }
        }
    }

    /** Of whole sequences with their own keys and values. */
    void whole(
            CudaTensor out,
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int[] lengths,
            int headDim,
            int window,
            Arithmetic arithmetic) {
        out.requireShapeOf(q);
        v.requireShapeOf(k);
        CudaKvForm form = CudaKvForm.of(arithmetic, headDim);
        Heads heads = Heads.of(q.columns(), k.columns() / headDim, headDim);
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            WholeSequences some = sequences(form, k, v, lengths, headDim);
            attend(form, out, Optional.empty(), q, some.table(), some.sent(), 0, heads, window);
        }
    }

    /** Whole sequences whose keys and values are ready, as long as the workspace in use keeps them. */
    WholeSequences sequences(CudaKvForm form, CudaTensor k, CudaTensor v, int[] lengths, int headDim) {
        WholeSequences some = WholeSequences.of(device, form, k, v, lengths, headDim);
        if (form == CudaKvForm.BF16) {
            append(form, k, v, some.table(), some.sent(), 0, headDim);
        }
        return some;
    }

    /** As {@link #whole}, and the logarithm of each row's sum of exponentials (N,H): to base e in float32, to base 2 in bfloat16. */
    void forward(
            CudaKvForm form,
            CudaTensor out,
            CudaTensor logSums,
            CudaTensor q,
            WholeSequences some,
            Heads heads,
            int window) {
        attend(form, out, Optional.of(logSums), q, some.table(), some.sent(), 0, heads, window);
    }

    /** Rows of every sequence in the table; what is written besides is each row's logarithm of its sum of exponentials. */
    private void attend(
            CudaKvForm form,
            CudaTensor out,
            Optional<CudaTensor> logSums,
            CudaTensor q,
            SequenceTable table,
            long sent,
            int layer,
            Heads heads,
            int window) {
        int rows = table.longest() * heads.group();
        switch (form) {
            case FLOAT32 -> {
                int width = heads.dim() <= 64 ? 64 : heads.dim() <= 128 ? 128 : 256;
                int padded = Math.ceilDiv(heads.dim(), 4) * 4;
                CudaKernel kernel = device.kernel("attention_float", "attention_float_" + width);
                arguments(kernel, out, logSums, q, sent, layer, heads, window)
                        .number(heads.scale())
                        .launch(
                                Math.ceilDiv(rows, FLOAT_ROWS),
                                heads.kvHeads(),
                                table.count(),
                                THREADS,
                                4 * (32 * (padded + 4) + (32 + FLOAT_ROWS) * padded));
            }
            case BF16 -> {
                int padded = form.columns(heads.dim());
                CudaKernel kernel = device.kernel("attention_tile", "attention_tile_" + padded);
                arguments(kernel, out, logSums, q, sent, layer, heads, window)
                        .number(heads.binaryScale())
                        .launch(
                                Math.ceilDiv(rows, TILE_ROWS),
                                heads.kvHeads(),
                                table.count(),
                                THREADS,
                                2 * (TILE_ROWS + 2 * KEYS) * padded);
            }
        }
    }

    private static CudaKernel arguments(
            CudaKernel kernel,
            CudaTensor out,
            Optional<CudaTensor> logSums,
            CudaTensor q,
            long sent,
            int layer,
            Heads heads,
            int window) {
        return kernel.arguments()
                .tensor(out)
                .address(logSums.map(CudaTensor::address).orElse(0L))
                .tensor(q)
                .address(sent)
                .integer(layer)
                .integer(heads.group())
                .integer(heads.dim())
                .integer(window);
    }
}
