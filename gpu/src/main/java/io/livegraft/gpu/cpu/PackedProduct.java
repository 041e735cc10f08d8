package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
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

    /** Left operands that a chain of products comes back to. */
    private static final int LEFT_SLOTS = 4;

    /** Right operands that the chains of a call have in common: two factors of three adapted layers, twice. */
    private static final int RIGHT_SLOTS = 12;

    /** An operand that is packed, or room for one. */
    private static final class Slot {
        private final NativeBuffer buffer = new NativeBuffer();
        private Optional<Matrix> matrix = Optional.empty();
        private float scale;
        private boolean filled;
        private long used;
    }

    /** The operands of one side that were used last. */
    private static final class Slots {
        private final List<Slot> slots;
        private long uses;

        Slots(int count) {
            this.slots = Stream.generate(Slot::new).limit(count).toList();
        }

        /** The operand's own, or the one that was not used for longest, which isn't filled then. */
        Slot find(Matrix matrix, float scale) {
            Slot oldest = slots.getFirst();
            for (Slot slot : slots) {
                if (slot.scale == scale
                        && slot.matrix.isPresent()
                        && slot.matrix.get().equals(matrix)) {
                    slot.used = ++uses;
                    return slot;
                }
                oldest = slot.used < oldest.used ? slot : oldest;
            }
            oldest.matrix = Optional.of(matrix);
            oldest.scale = scale;
            oldest.filled = false;
            oldest.used = ++uses;
            return oldest;
        }

        void forget() {
            slots.forEach(slot -> slot.matrix = Optional.empty());
        }
    }

    /** What one thread packs operands into. */
    private static final class Packing {
        private final TilePanels panels;
        private final Slots left = new Slots(LEFT_SLOTS);
        private final Slots right = new Slots(RIGHT_SLOTS);
        private final NativeBuffer rows = new NativeBuffer();
        private final NativeBuffer strips = new NativeBuffer();
        private long call;

        Packing(StripKernels.Tiles kernels) {
            this.panels = new TilePanels(kernels);
        }
    }

    private final Workers workers;
    private final TileStore store;
    private final ThreadLocal<Packing> packings;
    private final AtomicLong calls = new AtomicLong();

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
        forget(newCall());
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
        MemorySegment panels = right(packing, b, depth);
        for (int column = 0; column < c.columns(); column += SIDE) {
            MemorySegment panel = panels.asSlice(2 * TilePanels.stripBytes(depth) * (column / SIDE));
            store.product(
                    c,
                    column,
                    PackedRows.ofRows(rows, depth),
                    new TilePanels.Panel(panel, TilePanels.stripBytes(depth)),
                    depth,
                    accumulate);
        }
    }

    /** Forgets what is packed: right operands once a {@code call}, left ones at the begin of each of its chains. */
    void forget(long call) {
        Packing packing = packings.get();
        packing.left.forget();
        if (packing.call != call) {
            packing.call = call;
            packing.right.forget();
        }
    }

    /** A number that no call had before. */
    long newCall() {
        return calls.incrementAndGet();
    }

    /** a as rows of bfloat16. */
    private static MemorySegment left(Packing packing, Matrix a, int depth, float scale) {
        Slot slot = packing.left.find(a, scale);
        MemorySegment out = slot.buffer.atLeast(2L * TilePanels.padded(a.rows()) * depth);
        if (slot.filled) {
            return out;
        }
        slot.filled = true;
        return a.columnStride() == 1 ? rows(out, packing, a, depth, scale) : turned(out, packing, a, depth, scale);
    }

    private static MemorySegment rows(MemorySegment out, Packing packing, Matrix a, int depth, float scale) {
        packing.panels.round(a, 0, a.rows(), scale, out, depth);
        return out;
    }

    /** The same for one whose columns lie side by side. */
    private static MemorySegment turned(MemorySegment out, Packing packing, Matrix a, int depth, float scale) {
        MemorySegment low = packing.strips.atLeast(2 * TilePanels.stripBytes(depth));
        MemorySegment high = low.asSlice(TilePanels.stripBytes(depth));
        for (int row = 0; row < a.rows(); row += SIDE) {
            packing.panels.pair(a.transposed(), row, scale, low, high);
            packing.panels.turnBack(low, depth, out.asSlice(2L * row * depth));
            packing.panels.turnBack(high, depth, out.asSlice(2L * (row + HALF) * depth));
        }
        return out;
    }

    /** b as strips of tiles, 32 columns after 32 columns. */
    private static MemorySegment right(Packing packing, Matrix b, int depth) {
        Slot slot = packing.right.find(b, 1);
        long panel = 2 * TilePanels.stripBytes(depth);
        MemorySegment out = slot.buffer.atLeast(Math.ceilDiv(b.columns(), SIDE) * panel);
        if (!slot.filled) {
            slot.filled = true;
            for (int column = 0; column < b.columns(); column += SIDE) {
                columns(packing, b, column, depth, out.asSlice(column / SIDE * panel));
            }
        }
        return out;
    }

    private static void columns(Packing packing, Matrix b, int column, int depth, MemorySegment low) {
        MemorySegment high = low.asSlice(TilePanels.stripBytes(depth));
        if (b.columnStride() == 1) {
            packing.panels.pair(b, column, 1, low, high);
            return;
        }
        MemorySegment rows = packing.rows.atLeast(2L * SIDE * depth);
        packing.panels.round(b.transposed(), column, Math.min(SIDE, b.columns() - column), 1, rows, depth);
        packing.panels.turn(rows, depth, low);
        packing.panels.turn(rows.asSlice(2L * HALF * depth), depth, high);
    }
}
