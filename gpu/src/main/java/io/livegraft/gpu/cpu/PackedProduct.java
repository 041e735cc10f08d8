package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code c = scale · a · b (+ c)} on AMX with operands rounded to bfloat16: the products of adapters and of attention.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0) + Σ_k bf16(scale · a[m,k]) · bf16(b[k,n])      a (M,K)   b (K,N)   c (M,N), sums as in GemmKernel
 * }</pre>
 *
 * An operand has its rows or its columns side by side. K is padded with zeros to a multiple of 32. A row's bits depend on the row,
 * on b and on K alone.
 */
final class PackedProduct {
    private static final int SIDE = GemmKernel.SIDE;
    private static final int HALF = SIDE / 2;
    private static final long PARALLEL_MACS = 2_000_000;
    /** Rows, or columns, of a task. */
    private static final int TASK_SIZE = 2 * SIDE;

    /** Left operands that a chain of products may come back to. */
    private static final int SLOTS = 4;

    /** A left operand that is packed already. */
    private static final class Slot {
        private final NativeBuffer buffer = new NativeBuffer();
        private Optional<Matrix> matrix = Optional.empty();
        private float scale;
        private long used;
    }

    /** What one thread packs operands into. */
    private static final class Packing {
        private final TilePanels panels;
        private final List<Slot> slots = Stream.generate(Slot::new).limit(SLOTS).toList();
        private long uses;
        private final NativeBuffer b = new NativeBuffer();
        private final NativeBuffer rows = new NativeBuffer();
        private final NativeBuffer strips = new NativeBuffer();

        Packing(StripKernels.Tiles kernels) {
            this.panels = new TilePanels(kernels);
        }
    }

    private final Workers workers;
    private final TileStore store;
    private final ThreadLocal<Packing> packings;

    PackedProduct(Workers workers, StripKernels.Tiles kernels) {
        this.workers = workers;
        this.store = new TileStore(kernels);
        this.packings = ThreadLocal.withInitial(() -> new Packing(kernels));
    }

    /** On all workers when there is enough to do: rows are shared out, or columns where there are more of them. */
    void share(Matrix c, Matrix a, Matrix b, float scale, boolean accumulate) {
        long macs = (long) c.rows() * c.columns() * a.columns();
        if (macs < PARALLEL_MACS) {
            alone(c, a, b, scale, accumulate);
        } else if (c.rows() >= c.columns()) {
            workers.run(Math.ceilDiv(c.rows(), TASK_SIZE), task -> {
                int row = task * TASK_SIZE;
                int count = Math.min(TASK_SIZE, c.rows() - row);
                alone(c.rowBlock(row, count), a.rowBlock(row, count), b, scale, accumulate);
            });
        } else {
            workers.run(Math.ceilDiv(c.columns(), TASK_SIZE), task -> {
                int column = task * TASK_SIZE;
                int count = Math.min(TASK_SIZE, c.columns() - column);
                alone(c.columnBlock(column, count), a, b.columnBlock(column, count), scale, accumulate);
            });
        }
    }

    /** One product, whose operands may have changed since the last. */
    void alone(Matrix c, Matrix a, Matrix b, float scale, boolean accumulate) {
        forget();
        run(c, a, b, scale, accumulate);
    }

    /** On the calling thread, which {@link #forget}s before operands change. */
    void run(Matrix c, Matrix a, Matrix b, float scale, boolean accumulate) {
        if (a.columns() != b.rows() || c.rows() != a.rows() || c.columns() != b.columns() || c.columnStride() != 1) {
            throw new IllegalArgumentException("product (%d,%d)·(%d,%d) does not give (%d,%d)"
                    .formatted(a.rows(), a.columns(), b.rows(), b.columns(), c.rows(), c.columns()));
        }
        Packing packing = packings.get();
        int depth = TilePanels.padded(a.columns());
        MemorySegment rows = left(packing, a, depth, scale);
        for (int column = 0; column < c.columns(); column += SIDE) {
            store.product(c, column, rows, columns(packing, b, column, depth), depth, accumulate);
        }
    }

    /** Forgets what the calling thread has packed: its memory may be written from here on. */
    void forget() {
        packings.get().slots.forEach(slot -> slot.matrix = Optional.empty());
    }

    /** a as rows of bfloat16, packed now or before. */
    private static MemorySegment left(Packing packing, Matrix a, int depth, float scale) {
        packing.uses++;
        Slot oldest = packing.slots.getFirst();
        for (Slot slot : packing.slots) {
            if (slot.scale == scale && slot.matrix.isPresent() && slot.matrix.get().equals(a)) {
                slot.used = packing.uses;
                return slot.buffer.atLeast(0);
            }
            oldest = slot.used < oldest.used ? slot : oldest;
        }
        oldest.matrix = Optional.of(a);
        oldest.scale = scale;
        oldest.used = packing.uses;
        MemorySegment out = oldest.buffer.atLeast(2L * TilePanels.padded(a.rows()) * depth);
        return a.columnStride() == 1 ? rows(out, a, depth, scale) : turned(out, packing, a, depth, scale);
    }

    private static MemorySegment rows(MemorySegment out, Matrix a, int depth, float scale) {
        for (int m = 0; m < a.rows(); m++) {
            round(out, 2L * m * depth, a.data(), a.offset() + m * a.rowStride(), a.columns(), depth, scale);
        }
        return out;
    }

    /** The same for one whose columns lie side by side. */
    private static MemorySegment turned(MemorySegment out, Packing packing, Matrix a, int depth, float scale) {
        MemorySegment low = packing.strips.atLeast(2 * TilePanels.stripBytes(depth));
        MemorySegment high = low.asSlice(TilePanels.stripBytes(depth));
        for (int row = 0; row < a.rows(); row += SIDE) {
            lines(packing, a.transposed(), row, scale, low, high);
            packing.panels.turnBack(low, depth, out.asSlice(2L * row * depth));
            packing.panels.turnBack(high, depth, out.asSlice(2L * (row + HALF) * depth));
        }
        return out;
    }

    /** 32 columns of b as two strips of tiles. */
    private static MemorySegment columns(Packing packing, Matrix b, int column, int depth) {
        MemorySegment low = packing.b.atLeast(2 * TilePanels.stripBytes(depth));
        MemorySegment high = low.asSlice(TilePanels.stripBytes(depth));
        if (b.columnStride() == 1) {
            lines(packing, b, column, 1, low, high);
            return low;
        }
        MemorySegment rows = packing.rows.atLeast(2L * SIDE * depth);
        int count = Math.min(SIDE, b.columns() - column);
        for (int n = 0; n < count; n++) {
            int from = b.offset() + (column + n) * b.columnStride();
            round(rows, 2L * n * depth, b.data(), from, b.rows(), depth, 1);
        }
        packing.panels.turn(rows, depth, low);
        packing.panels.turn(rows.asSlice(2L * HALF * depth), depth, high);
        return low;
    }

    /** 32 columns of a matrix with rows side by side, as two strips of tiles. */
    private static void lines(
            Packing packing, Matrix b, int column, float scale, MemorySegment low, MemorySegment high) {
        MemorySegment rows = packing.rows.atLeast(2L * SIDE * TilePanels.padded(b.rows()));
        int width = Math.min(SIDE, b.columns() - column);
        for (int k = 0; k < b.rows(); k++) {
            int from = b.offset() + k * b.rowStride() + column * b.columnStride();
            round(rows, 2L * SIDE * k, b.data(), from, width, SIDE, scale);
        }
        packing.panels.pair(rows, b.rows(), low, high);
    }

    private static void round(
            MemorySegment out, long to, float[] values, int from, int count, int padded, float scale) {
        Rounding.row(out, to, values, from, count, scale);
        if (count < padded) {
            out.asSlice(to + 2L * count, 2L * (padded - count)).fill((byte) 0);
        }
    }
}
