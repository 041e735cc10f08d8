package io.livegraft.gpu.cpu;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * {@code c = scale · a · b (+ c)} in tiles, with operands rounded to bfloat16: the products of adapters.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0) + Σ_k bf16(scale · a[m,k]) · bf16(b[k,n])      a (M,K)   b (K,N)   c (M,N), sums as in BlockKernel or DotKernel
 * }</pre>
 *
 * An operand has its rows or its columns side by side. K is padded with zeros to a multiple of 32. A row's bits depend on the row,
 * on b and on K alone.
 */
final class PackedProduct {
    private static final long PARALLEL_MACS = 2_000_000;
    /** Rows, or columns, of a task. */
    private static final int TASK_SIZE = 2 * TileBlocks.SIDE;

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

    /** What one thread lays operands into. */
    private static final class Packing {
        private final TileBlocks tiles;
        private final Slots left = new Slots(LEFT_SLOTS);
        private final Slots right = new Slots(RIGHT_SLOTS);
        private final NativeBuffer turning = new NativeBuffer();
        private long call;

        Packing(ProductKernels kernels) {
            this.tiles = new TileBlocks(kernels);
        }
    }

    private final Workers workers;
    private final ThreadLocal<Packing> packings;
    private final AtomicLong calls = new AtomicLong();

    PackedProduct(Workers workers, ProductKernels kernels) {
        this.workers = workers;
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
        Tiled rows = left(packing, a, scale);
        Tiled columns = right(packing, b);
        packing.tiles.product(c, rows, columns, Tiled.steps(a.columns()), accumulate);
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

    private static Tiled left(Packing packing, Matrix a, float scale) {
        Slot slot = packing.left.find(a, scale);
        if (slot.filled) {
            return Tiled.in(slot.buffer, Tiled.strips(a.rows()), Tiled.steps(a.columns()));
        }
        slot.filled = true;
        if (a.columnStride() == 1) {
            return packing.tiles.left(slot.buffer, a, scale);
        }
        Tiled turned = packing.tiles.right(packing.turning, a.transposed(), scale);
        return packing.tiles.turned(slot.buffer, turned, Tiled.strips(a.rows()), Tiled.steps(a.columns()));
    }

    private static Tiled right(Packing packing, Matrix b) {
        Slot slot = packing.right.find(b, 1);
        if (slot.filled) {
            return Tiled.in(slot.buffer, Tiled.strips(b.columns()), Tiled.steps(b.rows()));
        }
        slot.filled = true;
        if (b.columnStride() == 1) {
            return packing.tiles.right(slot.buffer, b, 1);
        }
        Tiled turned = packing.tiles.left(packing.turning, b.transposed(), 1);
        return packing.tiles.turned(slot.buffer, turned, Tiled.strips(b.columns()), Tiled.steps(b.rows()));
    }
}
