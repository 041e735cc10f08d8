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

    /** Rows of a pass over a panel, and over one of a single vector. */
    private static final int ROWS = 4;

    private static final int NARROW_ROWS = 8;

    /** One panel and one tile a thread: they are filled anew by each use, so nothing passes from one to the next. */
    private static final ThreadLocal<float[]> PANEL = ThreadLocal.withInitial(() -> new float[256 * WIDTH]);

    private static final ThreadLocal<float[]> TILE = ThreadLocal.withInitial(() -> new float[ROWS * WIDTH]);

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
        workers.run(panels, p -> panel(p, c, a, b, scale, accumulate));
    }

    /** On the calling thread. */
    static void run(Matrix c, Matrix a, PanelSource b, float scale, boolean accumulate) {
        check(c, a, b);
        for (int p = 0; p * WIDTH < b.columns(); p++) {
            panel(p, c, a, b, scale, accumulate);
        }
    }

    private static void check(Matrix c, Matrix a, PanelSource b) {
        if (a.columns() != b.depth() || c.rows() != a.rows() || c.columns() != b.columns() || c.columnStride() != 1) {
            throw new IllegalArgumentException("product (%d,%d)·(%d,%d) does not give (%d,%d)"
                    .formatted(a.rows(), a.columns(), b.depth(), b.columns(), c.rows(), c.columns()));
        }
    }

    private static void panel(int index, Matrix c, Matrix a, PanelSource b, float scale, boolean accumulate) {
        int column = index * WIDTH;
        int width = Math.min(WIDTH, b.columns() - column);
        float[] panel = panelOf(b.depth());
        float[] tile = TILE.get();
        b.fill(panel, column, width);
        boolean narrow = width <= LANES;
        int block = narrow ? NARROW_ROWS : ROWS;
        int tileStride = narrow ? LANES : WIDTH;
        int m = 0;
        for (; m + block <= a.rows(); m += block) {
            int from = a.offset() + m * a.rowStride();
            if (narrow) {
                eightNarrowRows(tile, a.data(), from, a.rowStride(), a.columnStride(), panel, b.depth());
            } else {
                fourRows(tile, a.data(), from, a.rowStride(), a.columnStride(), panel, b.depth());
            }
            for (int r = 0; r < block; r++) {
                store(c, m + r, column, width, tile, r * tileStride, scale, accumulate);
            }
        }
        for (; m < a.rows(); m++) {
            oneRow(tile, a.data(), a.offset() + m * a.rowStride(), a.columnStride(), panel, b.depth());
            store(c, m, column, width, tile, 0, scale, accumulate);
        }
    }

    private static float[] panelOf(int depth) {
        float[] panel = PANEL.get();
        if (panel.length < depth * WIDTH) {
            panel = new float[depth * WIDTH];
            PANEL.set(panel);
        }
        return panel;
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

    /** As {@link #fourRows} for a panel of one vector: a low-rank adapter's side of a product. */
    private static void eightNarrowRows(
            float[] tile, float[] x, int from, int rowStride, int step, float[] panel, int depth) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        FloatVector s2 = FloatVector.zero(SPECIES);
        FloatVector s3 = FloatVector.zero(SPECIES);
        FloatVector s4 = FloatVector.zero(SPECIES);
        FloatVector s5 = FloatVector.zero(SPECIES);
        FloatVector s6 = FloatVector.zero(SPECIES);
        FloatVector s7 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector b = FloatVector.fromArray(SPECIES, panel, k * WIDTH);
            int i = from + k * step;
            s0 = FloatVector.broadcast(SPECIES, x[i]).fma(b, s0);
            s1 = FloatVector.broadcast(SPECIES, x[i + rowStride]).fma(b, s1);
            s2 = FloatVector.broadcast(SPECIES, x[i + 2 * rowStride]).fma(b, s2);
            s3 = FloatVector.broadcast(SPECIES, x[i + 3 * rowStride]).fma(b, s3);
            s4 = FloatVector.broadcast(SPECIES, x[i + 4 * rowStride]).fma(b, s4);
            s5 = FloatVector.broadcast(SPECIES, x[i + 5 * rowStride]).fma(b, s5);
            s6 = FloatVector.broadcast(SPECIES, x[i + 6 * rowStride]).fma(b, s6);
            s7 = FloatVector.broadcast(SPECIES, x[i + 7 * rowStride]).fma(b, s7);
        }
        s0.intoArray(tile, 0);
        s1.intoArray(tile, LANES);
        s2.intoArray(tile, 2 * LANES);
        s3.intoArray(tile, 3 * LANES);
        s4.intoArray(tile, 4 * LANES);
        s5.intoArray(tile, 5 * LANES);
        s6.intoArray(tile, 6 * LANES);
        s7.intoArray(tile, 7 * LANES);
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
