package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.machinecode.GemmKernel;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Products of many rows with frozen weights: 32 columns of the weight are decoded into tiles that stay in the cache while
 * rows pass over them.
 *
 * <pre>{@code
 *   y[m,o] = Σ_k bf16(x[m,k]) · bf16(w[o,k])      dx[m,i] = or += Σ_o bf16(dy[m,o]) · bf16(w[o,i])      sums as in GemmKernel or DotKernel
 * }</pre>
 *
 * Threads share rows, which they then have in their own caches; or columns, where rows are few beside them. A row's bits depend
 * neither on that nor on the other rows (law 3).
 */
final class TileProduct {
    private static final int SIDE = GemmKernel.SIDE;
    /** Rows of a task: as many as fit the second cache, with {@link #DEPTH} columns. */
    private static final int MOST_ROWS = 256;

    /** So many cost three times what decoding for them alone does. */
    static final int LEAST_ROWS = 128;

    /** Columns of a beside which a panel and c still find room. */
    static final int DEPTH = 768;

    /** A weight that has more than so many outputs for a row is worth decoding once. */
    private static final int OUTPUTS_PER_ROW = 16;

    /** Where columns are shared: few tasks, and more than one a thread for when a core is taken away. */
    private static final int TASKS_PER_THREAD = 3;

    /** Rows {@code from} to {@code from + count}. */
    private interface RowTask {
        void run(int from, int count);
    }

    private final Workers workers;
    private final TileStore store;
    private final ThreadLocal<TilePanels> panels;
    private final ThreadLocal<NativeBuffer> chunks = ThreadLocal.withInitial(NativeBuffer::new);
    private final NativeBuffer rows = new NativeBuffer();

    TileProduct(Workers workers, ProductKernels kernels) {
        this.workers = workers;
        this.store = new TileStore(kernels);
        this.panels = ThreadLocal.withInitial(() -> new TilePanels(kernels));
    }

    /** Whether inputs fill tiles. */
    static boolean fits(CpuLinearWeight w) {
        return w.inputFeatures() % SIDE == 0;
    }

    /** Called by one thread at a time, like the backend. */
    void linear(List<CpuTensor> ys, CpuTensor x, List<? extends CpuLinearWeight> ws) {
        int depth = x.columns();
        int[] first = firstBlocks(ws);
        if (rowsAreMany(x.rows(), first[ws.size()] * SIDE)) {
            shareRows(x.rows(), (from, count) -> {
                for (int k = 0; k < depth; k += DEPTH) {
                    Tiled a = packed(x, from, count, k, Math.min(DEPTH, depth - k));
                    for (int block = 0; block < first[ws.size()]; block++) {
                        int i = indexOf(first, block);
                        Matrix y = ys.get(i).matrix(Operand.PLAIN).rowBlock(from, count);
                        forward(y, ws.get(i), block - first[i], a, k, Math.min(DEPTH, depth - k));
                    }
                }
            });
        } else {
            Tiled a = packed(x, depth);
            shareColumns(first[ws.size()], block -> {
                int i = indexOf(first, block);
                forward(ys.get(i).matrix(Operand.PLAIN), ws.get(i), block - first[i], a, 0, depth);
            });
        }
    }

    private void forward(Matrix y, CpuLinearWeight w, int block, Tiled a, int k, int depth) {
        Tiled panel = panels.get().forward(w, block * SIDE, k, depth);
        store.product(y, block * SIDE, a, panel, depth / SIDE, k > 0);
    }

    void linearBackward(CpuTensor dx, CpuTensor dy, CpuLinearWeight w, boolean add) {
        int depth = TilePanels.padded(w.outputFeatures());
        int blocks = w.inputFeatures() / SIDE;
        if (rowsAreMany(dx.rows(), blocks * SIDE)) {
            shareRows(dx.rows(), (from, count) -> {
                Matrix rows = dx.matrix(Operand.PLAIN).rowBlock(from, count);
                for (int k = 0; k < depth; k += DEPTH) {
                    Tiled a = packed(dy, from, count, k, Math.min(DEPTH, depth - k));
                    for (int block = 0; block < blocks; block++) {
                        backward(rows, w, block, a, k, Math.min(DEPTH, depth - k), add || k > 0);
                    }
                }
            });
        } else {
            Tiled a = packed(dy, depth);
            shareColumns(blocks, block -> backward(dx.matrix(Operand.PLAIN), w, block, a, 0, depth, add));
        }
    }

    private void backward(Matrix dx, CpuLinearWeight w, int block, Tiled a, int k, int depth, boolean add) {
        Tiled panel = panels.get().backward(w, block * SIDE, k, depth);
        store.product(dx, block * SIDE, a, panel, depth / SIDE, add);
    }

    boolean rowsAreMany(int rows, int outputs) {
        return TilePanels.padded(rows) >= LEAST_ROWS * workers.threads() && outputs <= OUTPUTS_PER_ROW * rows;
    }

    /** Rows of a task. */
    static int taskRows(int rows, int threads) {
        return Math.clamp(TilePanels.padded(Math.ceilDiv(rows, threads)), LEAST_ROWS, MOST_ROWS);
    }

    private void shareRows(int rows, RowTask task) {
        int each = taskRows(rows, workers.threads());
        workers.run(Math.ceilDiv(rows, each), i -> task.run(i * each, Math.min(each, rows - i * each)));
    }

    /** Neighbouring blocks of columns go to one thread: they meet in a cache line of every row. */
    private void shareColumns(int blocks, IntConsumer block) {
        int together = Math.ceilDiv(blocks, TASKS_PER_THREAD * workers.threads());
        workers.run(Math.ceilDiv(blocks, together), task -> {
            for (int i = task * together; i < Math.min(blocks, (task + 1) * together); i++) {
                block.accept(i);
            }
        });
    }

    /** Where each weight's blocks of 32 outputs begin, and their number at the end. */
    private static int[] firstBlocks(List<? extends CpuLinearWeight> ws) {
        int[] first = new int[ws.size() + 1];
        for (int i = 0; i < ws.size(); i++) {
            first[i + 1] = first[i] + Math.ceilDiv(ws.get(i).outputFeatures(), SIDE);
        }
        return first;
    }

    private static int indexOf(int[] first, int block) {
        int i = 0;
        while (first[i + 1] <= block) {
            i++;
        }
        return i;
    }

    /** Of a task's rows, {@code depth} columns from {@code column} on. */
    private Tiled packed(CpuTensor x, int from, int count, int column, int depth) {
        Tiled out = Tiled.in(chunks.get(), Tiled.strips(count), depth / SIDE);
        panels.get().tiles(x.matrix(Operand.PLAIN), from, count, column, depth, out);
        return out;
    }

    /** Of all rows, by all threads. */
    private Tiled packed(CpuTensor x, int depth) {
        Tiled out = Tiled.in(rows, Tiled.strips(x.rows()), depth / SIDE);
        int together = TilePanels.padded(Math.ceilDiv(x.rows(), TASKS_PER_THREAD * workers.threads()));
        workers.run(Math.ceilDiv(x.rows(), together), task -> {
            int from = task * together;
            int count = Math.min(together, x.rows() - from);
            panels.get().tiles(x.matrix(Operand.PLAIN), from, count, 0, depth, out.from(from / Tiled.STRIP, 0));
        });
        return out;
    }
}
