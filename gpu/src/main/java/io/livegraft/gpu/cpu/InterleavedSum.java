package io.livegraft.gpu.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums in double precision with eight running totals, so that an addition needn't wait for the one before it.
 *
 * <pre>{@code
 *   total[t] = Σ x[8i + t], in order of i          sum = ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7)) + rest
 *   rest = Σ of the last count mod 8 elements, in order
 * }</pre>
 *
 * The order is fixed by the position of an element in its row, whatever is computed beside it; narrower registers hold fewer
 * totals and go over the row more often.
 */
final class InterleavedSum {
    /** Running totals. */
    static final int CHAINS = 8;

    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED.length() <= CHAINS
            ? DoubleVector.SPECIES_PREFERRED
            : DoubleVector.SPECIES_512;
    /** As many lanes, of float. */
    private static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    private InterleavedSum() {}

    /** {@code Σ x}. */
    static double of(float[] x, int from, int count) {
        int end = from + count - count % CHAINS;
        double[] totals = new double[CHAINS];
        for (int t = 0; t < CHAINS; t += SPECIES.length()) {
            DoubleVector total = DoubleVector.zero(SPECIES);
            for (int i = from + t; i < end; i += CHAINS) {
                total = total.add(wide(FloatVector.fromArray(FLOATS, x, i)));
            }
            total.intoArray(totals, t);
        }
        return of(totals, x, from, count);
    }

    /** {@code Σ x}, of the totals of its whole eights. */
    static double of(double[] totals, float[] x, int from, int count) {
        double rest = 0;
        for (int i = count - count % CHAINS; i < count; i++) {
            rest += x[from + i];
        }
        return joined(totals) + rest;
    }

    /** {@code Σ x²}, of the totals of its whole eights. */
    static double ofSquares(double[] totals, float[] x, int from, int count) {
        double rest = 0;
        for (int i = count - count % CHAINS; i < count; i++) {
            rest += (double) x[from + i] * x[from + i];
        }
        return joined(totals) + rest;
    }

    /** {@code Σ x·y}, products in double precision. */
    static double ofProducts(float[] x, int from, float[] y, int yFrom, int count) {
        int end = count - count % CHAINS;
        double[] totals = new double[CHAINS];
        for (int t = 0; t < CHAINS; t += SPECIES.length()) {
            DoubleVector total = DoubleVector.zero(SPECIES);
            for (int i = t; i < end; i += CHAINS) {
                DoubleVector left = wide(FloatVector.fromArray(FLOATS, x, from + i));
                total = total.add(left.mul(wide(FloatVector.fromArray(FLOATS, y, yFrom + i))));
            }
            total.intoArray(totals, t);
        }
        double rest = 0;
        for (int i = end; i < count; i++) {
            rest += (double) x[from + i] * y[yFrom + i];
        }
        return joined(totals) + rest;
    }

    /** {@code Σ (scale·x)·(y·z)}, the factors in brackets rounded to float, their products in double precision. */
    static double ofProducts(float scale, float[] x, int from, float[] y, int yFrom, float[] z, int zFrom, int count) {
        int end = count - count % CHAINS;
        double[] totals = new double[CHAINS];
        for (int t = 0; t < CHAINS; t += SPECIES.length()) {
            DoubleVector total = DoubleVector.zero(SPECIES);
            for (int i = t; i < end; i += CHAINS) {
                FloatVector left = FloatVector.fromArray(FLOATS, x, from + i).mul(scale);
                FloatVector right =
                        FloatVector.fromArray(FLOATS, y, yFrom + i).mul(FloatVector.fromArray(FLOATS, z, zFrom + i));
                total = total.add(wide(left).mul(wide(right)));
            }
            total.intoArray(totals, t);
        }
        double rest = 0;
        for (int i = end; i < count; i++) {
            rest += (double) (x[from + i] * scale) * (y[yFrom + i] * z[zFrom + i]);
        }
        return joined(totals) + rest;
    }

    private static DoubleVector wide(FloatVector values) {
        return (DoubleVector) values.convertShape(VectorOperators.F2D, SPECIES, 0);
    }

    private static double joined(double[] t) {
        return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]));
    }
}
