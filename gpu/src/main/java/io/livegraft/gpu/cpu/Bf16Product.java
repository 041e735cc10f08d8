package io.livegraft.gpu.cpu;

import io.livegraft.gpu.onednn.Bf16MatMul;
import io.livegraft.gpu.onednn.Bf16MatMul.Shape;
import io.livegraft.gpu.onednn.OneDnn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code c = a · b (+ c)} in bfloat16 with float32 sums, for many rows: b is decoded in panels that stay in the cache while all
 * rows pass over them, and oneDNN multiplies.
 *
 * <pre>{@code
 *   c[m,j] = Σ_k bf16(a[m,k]) · bf16(b[k,j])      a (M,K)   b (K,J)   c (M,J)
 * }</pre>
 *
 * A panel's width follows from the weight's shape alone, rows are padded to a few sizes, and oneDNN runs in one thread: a row's
 * bits depend neither on threads nor on the other rows (law 3, tested).
 */
final class Bf16Product {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final int LANES = FLOATS.length();
    private static final int WIDE_PANEL = 128;
    private static final int NARROW_PANEL = 64;
    /** Weights with fewer columns take narrow panels, so that every thread gets some. */
    private static final int WIDE_FROM_COLUMNS = 2_048;

    private static final int SIDE = 32;
    private static final int ROW_BLOCK = 128;
    private static final int SMALLEST_ROW_BLOCK = 16;

    /** What one thread needs; made and used there only. */
    private static final class Bench {
        private final Bf16MatMul matMul;
        private MemorySegment panel = MemorySegment.NULL;
        private MemorySegment tile = MemorySegment.NULL;

        Bench(OneDnn oneDnn) {
            this.matMul = new Bf16MatMul(oneDnn);
        }

        MemorySegment panel(long bytes) {
            panel = atLeast(panel, bytes);
            return panel;
        }

        MemorySegment tile(long bytes) {
            tile = atLeast(tile, bytes);
            return tile;
        }
    }

    private final Workers workers;
    private final ThreadLocal<Bench> benches;
    private MemorySegment rows = MemorySegment.NULL;

    Bf16Product(OneDnn oneDnn, Workers workers) {
        this.workers = workers;
        this.benches = ThreadLocal.withInitial(() -> new Bench(oneDnn));
    }

    /** Other sides make oneDNN choose kernels by rows: seen with a depth of 3, where bits differed. */
    static boolean fits(CpuLinearWeight w) {
        return w.inputFeatures() % SIDE == 0 && w.outputFeatures() % SIDE == 0;
    }

    /** Called by one thread at a time, like the backend. */
    void run(CpuTensor c, CpuTensor a, Bf16Panels b, boolean accumulate) {
        a.requireShape(c.rows(), b.depth());
        c.requireShape(a.rows(), b.columns());
        int padded = Math.ceilDiv(a.rows(), SMALLEST_ROW_BLOCK) * SMALLEST_ROW_BLOCK;
        rows = atLeast(rows, 2L * padded * b.depth());
        MemorySegment source = rows;
        workers.run(padded / SMALLEST_ROW_BLOCK, block -> round(source, a, block * SMALLEST_ROW_BLOCK));
        int width = b.columns() < WIDE_FROM_COLUMNS ? NARROW_PANEL : WIDE_PANEL;
        workers.run(
                Math.ceilDiv(b.columns(), width),
                panel -> panel(c, source, padded, b, panel * width, width, accumulate));
    }

    private void panel(
            CpuTensor c,
            MemorySegment source,
            int padded,
            Bf16Panels b,
            int column,
            int panelWidth,
            boolean accumulate) {
        Bench bench = benches.get();
        int width = Math.min(panelWidth, b.columns() - column);
        MemorySegment panel = bench.panel(2L * panelWidth * b.depth());
        MemorySegment tile = bench.tile(4L * ROW_BLOCK * panelWidth);
        b.fill(panel, column, width);
        int count;
        for (int row = 0; row < padded; row += count) {
            count = rowBlock(padded - row);
            Shape shape = new Shape(count, width, b.depth(), b.transposed());
            bench.matMul.run(shape, tile, source.asSlice(2L * row * b.depth()), panel);
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
            long from = 4L * m * width;
            int to = c.row(row + m) + column;
            if (accumulate) {
                add(c.data(), to, tile, from, width);
            } else {
                MemorySegment.copy(tile, ValueLayout.JAVA_FLOAT, from, c.data(), to, width);
            }
        }
    }

    private static void add(float[] out, int to, MemorySegment tile, long from, int width) {
        for (int j = 0; j < width; j += LANES) {
            var mask = FLOATS.indexInRange(j, width);
            FloatVector sum = FloatVector.fromMemorySegment(FLOATS, tile, from + 4L * j, ByteOrder.nativeOrder(), mask)
                    .add(FloatVector.fromArray(FLOATS, out, to + j, mask));
            sum.intoArray(out, to + j, mask);
        }
    }

    /** Rounds {@link #SMALLEST_ROW_BLOCK} rows to bfloat16, to nearest even; rows behind the last are zeros. */
    private static void round(MemorySegment out, CpuTensor a, int first) {
        for (int row = first; row < first + SMALLEST_ROW_BLOCK; row++) {
            long to = 2L * row * a.columns();
            if (row >= a.rows()) {
                out.asSlice(to, 2L * a.columns()).fill((byte) 0);
                continue;
            }
            Rounding.row(out, to, a.data(), a.row(row), a.columns(), 1);
        }
    }

    /** Grown memory is dropped to the collector; a backend settles at its largest shapes. */
    private static MemorySegment atLeast(MemorySegment memory, long bytes) {
        return memory.byteSize() >= bytes ? memory : Arena.ofAuto().allocate(bytes, 64);
    }
}
