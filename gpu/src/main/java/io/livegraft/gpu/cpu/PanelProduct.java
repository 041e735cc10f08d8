package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code c = scale · a · b (+ c)}, where b comes in panels of {@link #WIDTH} columns that stay in the cache while all rows
 * of a pass over them.
 *
 * <pre>{@code
 *   c[m,j] = scale · fma(a[m,K−1], b[K−1,j], … fma(a[m,1], b[1,j], fma(a[m,0], b[0,j], 0)))
 *   a (M,K)   b (K,J)   c (M,J)
 * }</pre>
 *
 * The chain runs in order of k for every element, whatever block of rows or columns it is computed in.
 */
final class PanelProduct {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    /** Columns of a panel: two vectors. */
    static final int WIDTH = 2 * LANES;

    /** Rows of a pass over a panel. */
    private static final int ROWS = 4;

    private static final long PARALLEL_MACS = 400_000;

    private PanelProduct() {}

    /** On all workers when there is enough to do. */
    static void run(Workers workers, Matrix c, Matrix a, PanelSource b, float scale, boolean accumulate) {
        check(c, a, b);
        int panels = (b.columns() + WIDTH - 1) / WIDTH;
        long macs = (long) a.rows() * b.columns() * b.depth();
        if (macs < PARALLEL_MACS || panels == 1) {
            run(c, a, b, scale, accumulate);
            return;
        }
        workers.run(panels, p -> panel(new float[b.depth() * WIDTH], p, c, a, b, scale, accumulate));
    }

    /** On the calling thread. */
    static void run(Matrix c, Matrix a, PanelSource b, float scale, boolean accumulate) {
        check(c, a, b);
        float[] panel = new float[b.depth() * WIDTH];
        for (int p = 0; p * WIDTH < b.columns(); p++) {
            panel(panel, p, c, a, b, scale, accumulate);
        }
    }

    private static void check(Matrix c, Matrix a, PanelSource b) {
        if (a.columns() != b.depth() || c.rows() != a.rows() || c.columns() != b.columns() || c.columnStride() != 1) {
            throw new IllegalArgumentException("product (%d,%d)·(%d,%d) does not give (%d,%d)"
                    .formatted(a.rows(), a.columns(), b.depth(), b.columns(), c.rows(), c.columns()));
        }
    }

    private static void panel(
            float[] panel, int index, Matrix c, Matrix a, PanelSource b, float scale, boolean accumulate) {
        int column = index * WIDTH;
        int width = Math.min(WIDTH, b.columns() - column);
        b.fill(panel, column, width);
        float[] tile = new float[ROWS * WIDTH];
        int m = 0;
        for (; m + ROWS <= a.rows(); m += ROWS) {
            fourRows(tile, a.data(), a.offset() + m * a.rowStride(), a.rowStride(), a.columnStride(), panel, b.depth());
            for (int r = 0; r < ROWS; r++) {
                store(c, m + r, column, width, tile, r * WIDTH, scale, accumulate);
            }
        }
        for (; m < a.rows(); m++) {
            oneRow(tile, a.data(), a.offset() + m * a.rowStride(), a.columnStride(), panel, b.depth());
            store(c, m, column, width, tile, 0, scale, accumulate);
        }
    }

    private static void oneRow(float[] tile, float[] x, int from, int step, float[] panel, int depth) {
        FloatVector low = FloatVector.zero(SPECIES);
        FloatVector high = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector value = FloatVector.broadcast(SPECIES, x[from + k * step]);
            low = value.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH), low);
            high = value.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES), high);
        }
        low.intoArray(tile, 0);
        high.intoArray(tile, LANES);
    }

    /**
     * Four rows at once: eight independent chains hide the latency of a fused multiply-add. Nothing but the loop and its
     * stores is in here, because the compiler keeps vectors in registers only while a method stays small.
     */
    private static void fourRows(float[] tile, float[] x, int from, int rowStride, int step, float[] panel, int depth) {
        FloatVector l0 = FloatVector.zero(SPECIES);
        FloatVector h0 = FloatVector.zero(SPECIES);
        FloatVector l1 = FloatVector.zero(SPECIES);
        FloatVector h1 = FloatVector.zero(SPECIES);
        FloatVector l2 = FloatVector.zero(SPECIES);
        FloatVector h2 = FloatVector.zero(SPECIES);
        FloatVector l3 = FloatVector.zero(SPECIES);
        FloatVector h3 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector low = FloatVector.fromArray(SPECIES, panel, k * WIDTH);
            FloatVector high = FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES);
            int i = from + k * step;
            FloatVector x0 = FloatVector.broadcast(SPECIES, x[i]);
            FloatVector x1 = FloatVector.broadcast(SPECIES, x[i + rowStride]);
            FloatVector x2 = FloatVector.broadcast(SPECIES, x[i + 2 * rowStride]);
            FloatVector x3 = FloatVector.broadcast(SPECIES, x[i + 3 * rowStride]);
            l0 = x0.fma(low, l0);
            h0 = x0.fma(high, h0);
            l1 = x1.fma(low, l1);
            h1 = x1.fma(high, h1);
            l2 = x2.fma(low, l2);
            h2 = x2.fma(high, h2);
            l3 = x3.fma(low, l3);
            h3 = x3.fma(high, h3);
        }
        l0.intoArray(tile, 0);
        h0.intoArray(tile, LANES);
        l1.intoArray(tile, WIDTH);
        h1.intoArray(tile, WIDTH + LANES);
        l2.intoArray(tile, 2 * WIDTH);
        h2.intoArray(tile, 2 * WIDTH + LANES);
        l3.intoArray(tile, 3 * WIDTH);
        h3.intoArray(tile, 3 * WIDTH + LANES);
    }

    /** {@code c[m, column…] = or += scale · tile[from…]}; the compiler vectorises it, element by element. */
    private static void store(
            Matrix c, int m, int column, int width, float[] tile, int from, float scale, boolean accumulate) {
        float[] out = c.data();
        int to = c.offset() + m * c.rowStride() + column;
        if (accumulate) {
            for (int j = 0; j < width; j++) {
                out[to + j] += scale * tile[from + j];
            }
        } else {
            for (int j = 0; j < width; j++) {
                out[to + j] = scale * tile[from + j];
            }
        }
    }
}
