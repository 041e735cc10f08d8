package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@link AdaptedBackward} for some rows of a segment. Every thread has its own. */
final class AdaptedRowsBackward {
    private static final int SIDE = TileBlocks.SIDE;
    private static final int PIECE = LowRankPart.PIECE;

    /**
     * Rows {@code row} to {@code row + count} of a segment; {@code row} begins a piece.
     *
     * @param start of the segment in dx and dys
     * @param parts of each layer, if it has one
     */
    record Rows(int start, int row, int count, List<Optional<LowRankPart>> parts) {
        Matrix of(CpuTensor tensor) {
            return tensor.rowBlock(start + row, count).matrix(Operand.PLAIN);
        }

        /** What all parts read. */
        Matrix x() {
            LowRankPart any =
                    parts.stream().flatMap(Optional::stream).findFirst().orElseThrow();
            return any.x().rowBlock(row, count).matrix(Operand.PLAIN);
        }
    }

    /** A layer's pair, and what is found for it. */
    private static final class Pair {
        private final LowRankPart part;
        private final Rows rows;
        private final Room room;

        Pair(LowRankPart part, Rows rows, Room room) {
            this.part = part;
            this.rows = rows;
            this.room = room;
        }

        Matrix hidden() {
            return room.values(0, rows.count(), part.lanes());
        }

        /** dh. */
        Matrix gradient() {
            return room.values(1, rows.count(), part.lanes());
        }
    }

    /** A pair's memory. */
    private static final class Room {
        private final NativeBuffer tiles = new NativeBuffer();
        private float[] values = new float[0];

        Matrix values(int index, int rows, int lanes) {
            if (values.length < 2 * rows * lanes) {
                values = new float[2 * rows * lanes];
            }
            return new Matrix(values, index * rows * lanes, lanes, 1, rows, lanes);
        }
    }

    private final TilePanels panels;
    private final TileBlocks blocks;
    private final TileStore store;
    private final NativeBuffer left = new NativeBuffer();
    private final NativeBuffer right = new NativeBuffer();
    private final NativeBuffer inputs = new NativeBuffer();
    private final NativeBuffer turning = new NativeBuffer();
    private final List<Room> rooms = new ArrayList<>();

    AdaptedRowsBackward(ProductKernels kernels) {
        this.panels = new TilePanels(kernels);
        this.blocks = new TileBlocks(kernels);
        this.store = new TileStore(kernels);
    }

    void run(CpuTensor dx, List<CpuTensor> dys, List<CpuLinearWeight> ws, Rows rows) {
        List<Optional<Pair>> pairs = pairs(rows);
        List<Pair> all = pairs.stream().flatMap(Optional::stream).toList();
        Tiled x = hidden(rows.x(), all);
        for (int i = 0; i < dys.size(); i++) {
            Matrix dy = rows.of(dys.get(i));
            boolean last = i + 1 == dys.size();
            layer(rows.of(dx), dy, ws.get(i), pairs.get(i), last ? all : List.of(), i > 0);
        }
        inputs(x, all);
    }

    private List<Optional<Pair>> pairs(Rows rows) {
        List<Optional<Pair>> pairs = new ArrayList<>();
        for (int i = 0; i < rows.parts().size(); i++) {
            if (i == rooms.size()) {
                rooms.add(new Room());
            }
            Room room = rooms.get(i);
            pairs.add(rows.parts().get(i).map(part -> new Pair(part, rows, room)));
        }
        return pairs;
    }

    /** {@code h = x·Aᵀ}; x as a right operand. */
    private Tiled hidden(Matrix x, List<Pair> pairs) {
        Tiled laid = Tiled.in(inputs, Tiled.strips(x.columns()), Tiled.steps(x.rows()));
        for (int k = 0; k < x.columns(); k += TileProduct.DEPTH) {
            Matrix some = columns(x, k);
            int steps = Tiled.steps(some.columns());
            Tiled a = Tiled.in(left, Tiled.strips(x.rows()), steps);
            blocks.both(a, laid.from(k / Tiled.STRIP, 0), some, 1);
            for (Pair pair : pairs) {
                Tiled shrink = pair.part.factors().shrink().from(0, k / SIDE);
                blocks.product(pair.hidden(), a, shrink, steps, k > 0);
            }
        }
        return laid;
    }

    private static Matrix columns(Matrix rows, int from) {
        return rows.columnBlock(from, Math.min(TileProduct.DEPTH, rows.columns() - from));
    }

    /**
     * A layer's part of dx, and of its pair dh and the gradient of B.
     *
     * @param ends whose dh·A stand at the end of the sum
     */
    private void layer(
            Matrix dx, Matrix dy, CpuLinearWeight w, Optional<Pair> pair, List<Pair> ends, boolean accumulate) {
        Optional<Tiled> h =
                pair.map(some -> transposed(some, some.hidden(), some.part.of().scaling()));
        int ranks = ends.stream().mapToInt(end -> end.part.steps()).sum();
        for (int k = 0; k < dy.columns(); k += TileProduct.DEPTH) {
            Matrix some = columns(dy, k);
            int steps = Tiled.steps(some.columns());
            Tiled a = Tiled.in(left, Tiled.strips(dy.rows()), steps + ranks);
            if (pair.isPresent()) {
                Tiled laid = Tiled.in(right, Tiled.strips(some.columns()), Tiled.steps(dy.rows()));
                blocks.both(a, laid, some, 1);
                Tiled b = pair.get().part.factors().upstream().from(0, k / SIDE);
                blocks.product(pair.get().gradient(), a, b, steps, k > 0);
                for (int piece = 0; piece * PIECE < dy.rows(); piece++) {
                    Matrix sum = pair.get().part.bPiece(pair.get().rows.row() / PIECE + piece);
                    sum(sum.columnBlock(k, some.columns()), h.orElseThrow(), laid, piece, dy.rows());
                }
            } else {
                blocks.left(a, some, 1);
            }
            boolean last = k + some.columns() == dy.columns();
            product(dx, a, w, k, steps, last ? ends : List.of(), accumulate || k > 0);
        }
    }

    /** {@code dx = or += a·w}, of w's rows from {@code k} on, and dh·A of {@code ends}, whose tiles go behind those of a. */
    private void product(Matrix dx, Tiled a, CpuLinearWeight w, int k, int steps, List<Pair> ends, boolean accumulate) {
        int all = steps;
        for (Pair end : ends) {
            blocks.left(a.from(0, all), end.gradient(), 1);
            all += end.part.steps();
        }
        for (int column = 0; column < dx.columns(); column += SIDE) {
            int strip = column / Tiled.STRIP;
            List<Tiled> below = ends.stream()
                    .map(end -> end.part.factors().back().from(strip, 0))
                    .toList();
            Tiled panel = panels.backward(w, column, k, steps * SIDE, below);
            store.product(dx, column, a, panel, all, accumulate);
        }
    }

    /** {@code dA = dhᵀ·x}, of a piece. */
    private void inputs(Tiled x, List<Pair> pairs) {
        for (Pair pair : pairs) {
            Tiled gradient = transposed(pair, pair.gradient(), 1);
            for (int piece = 0; piece * PIECE < pair.rows.count(); piece++) {
                Matrix sum = pair.part.aPiece(pair.rows.row() / PIECE + piece);
                sum(sum, gradient, x, piece, pair.rows.count());
            }
        }
    }

    /** {@code (scale·values)ᵀ} as a left operand, in the pair's memory. */
    private Tiled transposed(Pair pair, Matrix values, float scale) {
        Tiled laid = blocks.right(turning, values, scale);
        return blocks.turned(pair.room.tiles, laid, Tiled.strips(values.columns()), Tiled.steps(values.rows()));
    }

    /** {@code sum = a·b} over the rows of a piece. */
    private void sum(Matrix sum, Tiled a, Tiled b, int piece, int rows) {
        int from = piece * PIECE / Tiled.STEP;
        int steps = Tiled.steps(Math.min(PIECE, rows - piece * PIECE));
        blocks.product(sum, a.from(0, from), b.from(0, from), steps, false);
    }
}
