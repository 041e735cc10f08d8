package io.livegraft.gpu.cpu;

import io.livegraft.gpu.onednn.FloatMatMul;
import io.livegraft.gpu.onednn.FloatMatMul.Shape;
import io.livegraft.gpu.onednn.OneDnn;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code c = a · b (+ c)} in float32, for many rows: b is decoded in panels that stay in the cache while all rows pass over them, and
 * oneDNN multiplies.
 *
 * <pre>{@code
 *   c[m,j] = Σ_k a[m,k] · b[k,j]      a (M,K)   b (K,J)   c (M,J)
 * }</pre>
 *
 * Rows are padded to a few sizes of at least two, and oneDNN runs in one thread: a
 * row's bits depend neither on threads nor on the other rows (law 3, tested).
 */
final class FloatProduct {
    /** Columns of a panel: whole blocks of every form. */
    private static final int PANEL = 64;

    private static final int SIDE = 32;
    private static final int ROW_BLOCK = 128;
    private static final int SMALLEST_ROW_BLOCK = 16;

    /** What one thread needs; made and used there only. */
    private static final class Bench {
        private final FloatMatMul matMul;
        private final NativeBuffer panel = new NativeBuffer();
        private final NativeBuffer tile = new NativeBuffer();

        Bench(OneDnn oneDnn) {
            this.matMul = new FloatMatMul(oneDnn);
        }
    }

    private final Workers workers;
    private final ThreadLocal<Bench> benches;
    private final NativeBuffer rows = new NativeBuffer();

    FloatProduct(OneDnn oneDnn, Workers workers) {
        this.workers = workers;
        this.benches = ThreadLocal.withInitial(() -> new Bench(oneDnn));
    }

    /** Other sides make oneDNN choose kernels by rows: seen with a depth of 3, where bits differed. */
    static boolean fits(CpuLinearWeight w) {
        return w.inputFeatures() % SIDE == 0 && w.outputFeatures() % SIDE == 0;
    }

    /** Called by one thread at a time, like the backend. */
    void run(CpuTensor c, CpuTensor a, FloatPanels b, boolean accumulate) {
        a.requireShape(c.rows(), b.depth());
        c.requireShape(a.rows(), b.columns());
        int padded = Math.ceilDiv(a.rows(), SMALLEST_ROW_BLOCK) * SMALLEST_ROW_BLOCK;
        MemorySegment source = rows.atLeast((long) Float.BYTES * padded * b.depth());
        workers.run(padded / SMALLEST_ROW_BLOCK, block -> copy(source, a, block * SMALLEST_ROW_BLOCK));
        workers.run(Math.ceilDiv(b.columns(), PANEL), panel -> panel(c, source, padded, b, panel * PANEL, accumulate));
    }

    private void panel(CpuTensor c, MemorySegment source, int padded, FloatPanels b, int column, boolean accumulate) {
        Bench bench = benches.get();
        int width = Math.min(PANEL, b.columns() - column);
        MemorySegment panel = bench.panel.atLeast((long) Float.BYTES * PANEL * b.depth());
        MemorySegment tile = bench.tile.atLeast((long) Float.BYTES * ROW_BLOCK * PANEL);
        b.fill(panel, column, width);
        int count;
        for (int row = 0; row < padded; row += count) {
            count = rowBlock(padded - row);
            Shape shape = new Shape(count, width, b.depth(), b.transposed());
            bench.matMul.run(shape, tile, source.asSlice((long) Float.BYTES * row * b.depth()), panel);
            store(c, row, Math.min(count, c.rows() - row), column, width, tile, accumulate);
        }
    }

    /** The largest of 16, 32, 64 and 128 that is left. */
    private static int rowBlock(int left) {
        return Math.min(ROW_BLOCK, Integer.highestOneBit(left));
    }

    private static void store(
            CpuTensor c, int row, int count, int column, int width, MemorySegment tile, boolean accumulate) {
        for (int m = 0; m < count; m++) {
            long from = (long) Float.BYTES * m * width;
            int to = c.row(row + m) + column;
            if (accumulate) {
                add(c.data(), to, tile, from, width);
            } else {
                MemorySegment.copy(tile, ValueLayout.JAVA_FLOAT, from, c.data(), to, width);
            }
        }
    }

    private static void add(float[] out, int to, MemorySegment tile, long from, int width) {
        for (int j = 0; j < width; j++) {
            out[to + j] += tile.get(ValueLayout.JAVA_FLOAT_UNALIGNED, from + (long) Float.BYTES * j);
        }
    }

    /** {@link #SMALLEST_ROW_BLOCK} rows; those behind the last are zeros. */
    private static void copy(MemorySegment out, CpuTensor a, int first) {
        for (int row = first; row < first + SMALLEST_ROW_BLOCK; row++) {
            long to = (long) Float.BYTES * row * a.columns();
            if (row < a.rows()) {
                MemorySegment.copy(a.data(), a.row(row), out, ValueLayout.JAVA_FLOAT, to, a.columns());
            } else {
                out.asSlice(to, (long) Float.BYTES * a.columns()).fill((byte) 0);
            }
        }
    }
}
