package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
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
        int m = 0;
        for (; m + 8 <= a.rows(); m += 8) {
            eightRows(c, column, width, a, m, panel, b.depth(), scale, accumulate);
        }
        for (; m < a.rows(); m++) {
            oneRow(c, column, width, a, m, panel, b.depth(), scale, accumulate);
        }
    }

    private static void oneRow(
            Matrix c, int column, int width, Matrix a, int m, float[] panel, int depth, float scale, boolean add) {
        float[] values = a.data();
        int from = a.offset() + m * a.rowStride();
        FloatVector low = FloatVector.zero(SPECIES);
        FloatVector high = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector x = FloatVector.broadcast(SPECIES, values[from + k * a.columnStride()]);
            low = x.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH), low);
            high = x.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES), high);
        }
        store(low, high, c, m, column, width, scale, add);
    }

    /** Eight rows at once: sixteen independent chains hide the latency of a fused multiply-add. */
    private static void eightRows(
            Matrix c, int column, int width, Matrix a, int m, float[] panel, int depth, float scale, boolean add) {
        float[] x = a.data();
        int r = a.rowStride();
        int from = a.offset() + m * r;
        FloatVector l0 = FloatVector.zero(SPECIES), h0 = l0, l1 = l0, h1 = l0, l2 = l0, h2 = l0, l3 = l0, h3 = l0;
        FloatVector l4 = l0, h4 = l0, l5 = l0, h5 = l0, l6 = l0, h6 = l0, l7 = l0, h7 = l0;
        for (int k = 0; k < depth; k++) {
            FloatVector low = FloatVector.fromArray(SPECIES, panel, k * WIDTH);
            FloatVector high = FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES);
            int i = from + k * a.columnStride();
            FloatVector x0 = FloatVector.broadcast(SPECIES, x[i]);
            l0 = x0.fma(low, l0);
            h0 = x0.fma(high, h0);
            FloatVector x1 = FloatVector.broadcast(SPECIES, x[i + r]);
            l1 = x1.fma(low, l1);
            h1 = x1.fma(high, h1);
            FloatVector x2 = FloatVector.broadcast(SPECIES, x[i + 2 * r]);
            l2 = x2.fma(low, l2);
            h2 = x2.fma(high, h2);
            FloatVector x3 = FloatVector.broadcast(SPECIES, x[i + 3 * r]);
            l3 = x3.fma(low, l3);
            h3 = x3.fma(high, h3);
            FloatVector x4 = FloatVector.broadcast(SPECIES, x[i + 4 * r]);
            l4 = x4.fma(low, l4);
            h4 = x4.fma(high, h4);
            FloatVector x5 = FloatVector.broadcast(SPECIES, x[i + 5 * r]);
            l5 = x5.fma(low, l5);
            h5 = x5.fma(high, h5);
            FloatVector x6 = FloatVector.broadcast(SPECIES, x[i + 6 * r]);
            l6 = x6.fma(low, l6);
            h6 = x6.fma(high, h6);
            FloatVector x7 = FloatVector.broadcast(SPECIES, x[i + 7 * r]);
            l7 = x7.fma(low, l7);
            h7 = x7.fma(high, h7);
        }
        store(l0, h0, c, m, column, width, scale, add);
        store(l1, h1, c, m + 1, column, width, scale, add);
        store(l2, h2, c, m + 2, column, width, scale, add);
        store(l3, h3, c, m + 3, column, width, scale, add);
        store(l4, h4, c, m + 4, column, width, scale, add);
        store(l5, h5, c, m + 5, column, width, scale, add);
        store(l6, h6, c, m + 6, column, width, scale, add);
        store(l7, h7, c, m + 7, column, width, scale, add);
    }

    private static void store(
            FloatVector low, FloatVector high, Matrix c, int m, int column, int width, float scale, boolean add) {
        int to = c.offset() + m * c.rowStride() + column;
        storeHalf(low, c.data(), to, Math.min(width, LANES), scale, add);
        if (width > LANES) {
            storeHalf(high, c.data(), to + LANES, width - LANES, scale, add);
        }
    }

    private static void storeHalf(FloatVector sum, float[] out, int to, int width, float scale, boolean add) {
        FloatVector value = sum.mul(scale);
        if (width == LANES) {
            (add ? value.add(FloatVector.fromArray(SPECIES, out, to)) : value).intoArray(out, to);
        } else {
            VectorMask<Float> mask = SPECIES.indexInRange(0, width);
            (add ? value.add(FloatVector.fromArray(SPECIES, out, to, mask)) : value).intoArray(out, to, mask);
        }
    }
}
