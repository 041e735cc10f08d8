package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.TensorFactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Frozen weights and the low-rank pairs in training beside them in one pass over the rows: {@link TileProduct}'s sums go on over the
 * rank, so that elements have the bits of one after the other and are written once.
 *
 * <pre>{@code
 *   y[m,o] = Σ_k bf16(x[m,k]) · bf16(w[o,k]) + Σ_r bf16(s·h[m,r]) · bf16(B[o,r])      h[m,r] = Σ_k bf16(x[m,k]) · bf16(A[r,k])
 * }</pre>
 */
final class AdaptedProduct {
    private static final int SIDE = TileBlocks.SIDE;

    /** Aᵀ and Bᵀ as right operands. */
    private record Pair(Tiled shrink, Tiled expand, int rank, float scaling) {
        /** Tiles that it makes the sum longer by. */
        int steps() {
            return Tiled.steps(rank);
        }
    }

    /** A task: rows {@code from} to {@code from + count}, and each layer's pair for them. */
    private record Rows(int from, int count, List<Optional<Pair>> pairs) {
        int mostSteps() {
            return pairs.stream()
                    .flatMap(Optional::stream)
                    .mapToInt(Pair::steps)
                    .max()
                    .orElse(0);
        }
    }

    /** Memory of a factor in tiles; the next call's again. */
    private record Room(NativeBuffer rows, NativeBuffer turned) {
        static Room empty() {
            return new Room(new NativeBuffer(), new NativeBuffer());
        }

        Tiled laid(Factor factor) {
            Matrix rows = AdaptedProduct.rows(factor);
            return Tiled.in(turned, Tiled.strips(rows.rows()), Tiled.steps(rows.columns()));
        }
    }

    /** A thread's own. */
    private static final class Scratch {
        private final TilePanels panels;
        private final TileBlocks blocks;
        private final NativeBuffer rows = new NativeBuffer();
        private final List<float[]> hidden = new ArrayList<>();

        Scratch(ProductKernels kernels) {
            this.panels = new TilePanels(kernels);
            this.blocks = new TileBlocks(kernels);
        }

        /** h of layer {@code layer}. */
        Matrix hidden(int layer, int rows, int rank) {
            while (hidden.size() <= layer) {
                hidden.add(new float[0]);
            }
            if (hidden.get(layer).length < rows * rank) {
                hidden.set(layer, new float[rows * rank]);
            }
            return new Matrix(hidden.get(layer), 0, rank, 1, rows, rank);
        }
    }

    private final Workers workers;
    private final TileStore store;
    private final ThreadLocal<Scratch> scratch;
    private final List<Room> rooms = new ArrayList<>();

    AdaptedProduct(Workers workers, ProductKernels kernels) {
        this.workers = workers;
        this.store = new TileStore(kernels);
        this.scratch = ThreadLocal.withInitial(() -> new Scratch(kernels));
    }

    /** Whether parts are pairs in training over rows of x itself, all of them, and many of each. */
    static boolean takes(CpuTensor x, List<LowRankRows> parts) {
        int row = 0;
        for (LowRankRows part : parts) {
            if (part.start() != row
                    || part.count() < TileProduct.LEAST_ROWS
                    || !part.x().equals(x.rowBlock(row, part.count()))
                    || !part.pairs().stream().flatMap(Optional::stream).allMatch(AdaptedProduct::inTraining)) {
                return false;
            }
            row += part.count();
        }
        return row == x.rows();
    }

    private static boolean inTraining(LowRankPair pair) {
        return inTraining(pair.shrink()) && inTraining(pair.expand());
    }

    private static boolean inTraining(Factor factor) {
        return factor instanceof TensorFactor tensor && tensor.operand() == Operand.TRANSPOSED;
    }

    /** Parts in the order of their rows. */
    void linear(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, List<LowRankRows> parts) {
        List<Rows> tasks = tasks(parts);
        workers.run(tasks.size(), i -> linear(ys, x, ws, tasks.get(i)));
    }

    private void linear(List<CpuTensor> ys, CpuTensor x, List<CpuLinearWeight> ws, Rows rows) {
        Scratch mine = scratch.get();
        for (int k = 0; k < x.columns(); k += TileProduct.DEPTH) {
            int depth = Math.min(TileProduct.DEPTH, x.columns() - k);
            Tiled a = Tiled.in(mine.rows, Tiled.strips(rows.count()), depth / SIDE + rows.mostSteps());
            mine.panels.tiles(x.matrix(Operand.PLAIN), rows.from(), rows.count(), k, depth, a);
            boolean last = k + depth == x.columns();
            for (int i = 0; i < ws.size(); i++) {
                Optional<Pair> pair = rows.pairs().get(i);
                if (pair.isPresent()) {
                    Matrix h = mine.hidden(i, rows.count(), pair.get().rank());
                    Tiled shrink = pair.get().shrink().from(0, k / SIDE);
                    mine.blocks.product(h, a, shrink, depth / SIDE, k > 0);
                    if (last) {
                        mine.blocks.left(a.from(0, depth / SIDE), h, pair.get().scaling());
                    }
                }
                Matrix y = ys.get(i).rowBlock(rows.from(), rows.count()).matrix(Operand.PLAIN);
                linear(mine, y, a, ws.get(i), last ? pair : Optional.empty(), k, depth);
            }
        }
    }

    private void linear(Scratch mine, Matrix y, Tiled a, CpuLinearWeight w, Optional<Pair> pair, int k, int depth) {
        int steps = depth / SIDE + pair.map(Pair::steps).orElse(0);
        for (int column = 0; column < y.columns(); column += SIDE) {
            int strip = column / Tiled.STRIP;
            List<Tiled> below =
                    pair.map(some -> List.of(some.expand().from(strip, 0))).orElse(List.of());
            Tiled panel = mine.panels.forward(w, column, k, depth, below);
            store.product(y, column, a, panel, steps, k > 0);
        }
    }

    /** Cut at the ends of parts, so that a task's rows have the same pairs. */
    private List<Rows> tasks(List<LowRankRows> parts) {
        List<List<Optional<Pair>>> laid = lay(parts);
        List<Rows> tasks = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            LowRankRows part = parts.get(i);
            int each = TileProduct.taskRows(part.count(), workers.threads());
            for (int row = 0; row < part.count(); row += each) {
                tasks.add(new Rows(part.start() + row, Math.min(each, part.count() - row), laid.get(i)));
            }
        }
        return tasks;
    }

    /** All pairs in tiles, by all threads: a task is one factor. */
    private List<List<Optional<Pair>>> lay(List<LowRankRows> parts) {
        List<Optional<LowRankPair>> all =
                parts.stream().flatMap(part -> part.pairs().stream()).toList();
        while (rooms.size() < 2 * all.size()) {
            rooms.add(Room.empty());
        }
        workers.run(2 * all.size(), task -> all.get(task / 2)
                .ifPresent(pair -> lay(rooms.get(task), task % 2 == 0 ? pair.shrink() : pair.expand())));
        List<Optional<Pair>> laid = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Room shrink = rooms.get(2 * i);
            Room expand = rooms.get(2 * i + 1);
            laid.add(all.get(i).map(pair -> laid(shrink, expand, pair)));
        }
        int layers = parts.getFirst().pairs().size();
        return IntStream.range(0, parts.size())
                .mapToObj(i -> laid.subList(i * layers, (i + 1) * layers))
                .toList();
    }

    private void lay(Room room, Factor factor) {
        TileBlocks blocks = scratch.get().blocks;
        Matrix rows = rows(factor);
        Tiled left = blocks.left(room.rows(), rows, 1);
        blocks.turned(room.turned(), left, Tiled.strips(rows.rows()), Tiled.steps(rows.columns()));
    }

    private static Pair laid(Room shrink, Room expand, LowRankPair pair) {
        return new Pair(shrink.laid(pair.shrink()), expand.laid(pair.expand()), pair.rank(), pair.scaling());
    }

    /** What the factor is the transpose of. */
    private static Matrix rows(Factor factor) {
        return CpuTensor.of(((TensorFactor) factor).tensor()).matrix(Operand.PLAIN);
    }
}
