package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;

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
        int[] first = firstTasks(ws);
        workers.run(first[ws.size()], task -> {
            int i = indexOf(first, task);
            int column = (task - first[i]) * SIDE;
            MemorySegment tiles = panels.get().forward(ws.get(i), column);
            store.product(ys.get(i), column, a, tiles, depth, false);
        });
    }

    void linearBackward(CpuTensor dx, CpuTensor dy, CpuLinearWeight w) {
        int depth = TilePanels.padded(w.outputFeatures());
        MemorySegment a = rounded(dy, depth);
        workers.run(w.inputFeatures() / SIDE, task -> {
            MemorySegment tiles = panels.get().backward(w, task * SIDE);
            store.product(dx, task * SIDE, a, tiles, depth, true);
        });
    }

    /** Where each weight's tasks of 32 outputs begin, and their number at the end. */
    private static int[] firstTasks(List<? extends CpuLinearWeight> ws) {
        int[] first = new int[ws.size() + 1];
        for (int i = 0; i < ws.size(); i++) {
            first[i + 1] = first[i] + Math.ceilDiv(ws.get(i).outputFeatures(), SIDE);
        }
        return first;
    }

    private static int indexOf(int[] first, int task) {
        int i = 0;
        while (first[i + 1] <= task) {
            i++;
        }
        return i;
    }

    /** Rows as bfloat16 with {@code depth} columns, zeros behind their own, and garbage up to a multiple of 32 rows. */
    private MemorySegment rounded(CpuTensor x, int depth) {
        MemorySegment out = rows.atLeast(2L * TilePanels.padded(x.rows()) * depth);
        workers.run(Math.ceilDiv(x.rows(), SIDE), block -> {
            for (int m = block * SIDE; m < Math.min(x.rows(), (block + 1) * SIDE); m++) {
                long to = 2L * m * depth;
                Rounding.row(out, to, x.data(), x.row(m), x.columns(), 1);
                out.asSlice(to + 2L * x.columns(), 2L * (depth - x.columns())).fill((byte) 0);
            }
        });
        return out;
    }
}
