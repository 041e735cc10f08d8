package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Products of many rows with frozen weights on AMX: 32 columns of the weight are decoded into tiles that stay in the cache while
 * all rows pass over them.
 *
 * <pre>{@code
 *   y[m,o] = Σ_k bf16(x[m,k]) · bf16(w[o,k])      dx[m,i] += Σ_o bf16(dy[m,o]) · bf16(w[o,i])      sums as in GemmKernel
 * }</pre>
 *
 * A row's bits depend neither on threads nor on the other rows (law 3).
 */
final class TileProduct {
    private static final int SIDE = GemmKernel.SIDE;
    /** Few, and more than one for when a core is taken away. */
    private static final int TASKS_PER_THREAD = 3;

    private final Workers workers;
    private final TileStore store;
    private final ThreadLocal<TilePanels> panels;
    private final NativeBuffer rows = new NativeBuffer();

    TileProduct(Workers workers, StripKernels.Tiles kernels) {
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
        MemorySegment a = rounded(x, depth);
        int[] first = firstBlocks(ws);
        share(first[ws.size()], block -> {
            int i = indexOf(first, block);
            int column = (block - first[i]) * SIDE;
            MemorySegment tiles = panels.get().forward(ws.get(i), column);
            store.product(ys.get(i).matrix(Operand.PLAIN), column, a, tiles, depth, false);
        });
    }

    void linearBackward(CpuTensor dx, CpuTensor dy, CpuLinearWeight w) {
        int depth = TilePanels.padded(w.outputFeatures());
        MemorySegment a = rounded(dy, depth);
        share(w.inputFeatures() / SIDE, block -> {
            MemorySegment tiles = panels.get().backward(w, block * SIDE);
            store.product(dx.matrix(Operand.PLAIN), block * SIDE, a, tiles, depth, true);
        });
    }

    /** Neighbouring blocks of columns go to one thread: they meet in a cache line of every row. */
    private void share(int blocks, IntConsumer block) {
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

    /** Rows as bfloat16 with {@code depth} columns, zeros behind their own, and garbage up to a multiple of 32 rows. */
    private MemorySegment rounded(CpuTensor x, int depth) {
        MemorySegment out = rows.atLeast(2L * TilePanels.padded(x.rows()) * depth);
        int together = Math.max(SIDE, Math.ceilDiv(x.rows(), TASKS_PER_THREAD * workers.threads()));
        workers.run(Math.ceilDiv(x.rows(), together), task -> {
            int from = task * together;
            int count = Math.min(together, x.rows() - from);
            panels.get().round(x.matrix(Operand.PLAIN), from, count, 1, out.asSlice(2L * from * depth), depth);
        });
        return out;
    }
}
