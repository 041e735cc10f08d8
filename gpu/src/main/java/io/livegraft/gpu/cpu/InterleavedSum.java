package io.livegraft.gpu.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums in double precision with eight running totals, so that an addition needn't wait for the one before it.
 *
 * <pre>{@code
 *   total[t] = Σ x[8i + t], in order of i          sum = ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7)) + rest
 *   rest = Σ of the last count mod 8 elements, in order
 * }</pre>
 *
 * The order is fixed by the position of an element in its row, whatever is computed beside it.
 */
final class InterleavedSum {
    private static final int CHAINS = 8;
    private static final VectorSpecies<Double> TOTALS = DoubleVector.SPECIES_512;
    private static final VectorSpecies<Float> TERMS = FloatVector.SPECIES_256;
    /** Whether a register holds all totals; the bits are the same. */
    private static final boolean WIDE = DoubleVector.SPECIES_PREFERRED.length() >= CHAINS;

    private InterleavedSum() {}

    /** {@code Σ x}. */
    static double of(float[] x, int from, int count) {
        return WIDE ? inRegister(x, from, count) : oneByOne(x, from, count);
    }

    static double inRegister(float[] x, int from, int count) {
        DoubleVector t = DoubleVector.zero(TOTALS);
        int i = from;
        int end = from + count - count % CHAINS;
        for (; i < end; i += CHAINS) {
            t = t.add(FloatVector.fromArray(TERMS, x, i).convertShape(VectorOperators.F2D, TOTALS, 0));
        }
        double rest = 0;
        for (; i < from + count; i++) {
            rest += x[i];
        }
        double even = (t.lane(0) + t.lane(4)) + (t.lane(2) + t.lane(6));
        double odd = (t.lane(1) + t.lane(5)) + (t.lane(3) + t.lane(7));
        return even + odd + rest;
    }

    static double oneByOne(float[] x, int from, int count) {
        double t0 = 0;
        double t1 = 0;
        double t2 = 0;
        double t3 = 0;
        double t4 = 0;
        double t5 = 0;
        double t6 = 0;
        double t7 = 0;
        int i = from;
        int end = from + count - count % CHAINS;
        for (; i < end; i += CHAINS) {
            t0 += x[i];
            t1 += x[i + 1];
            t2 += x[i + 2];
            t3 += x[i + 3];
            t4 += x[i + 4];
            t5 += x[i + 5];
            t6 += x[i + 6];
            t7 += x[i + 7];
        }
        double rest = 0;
        for (; i < from + count; i++) {
            rest += x[i];
        }
        return ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7)) + rest;
    }

    /** {@code Σ x·y}, products in double precision. */
    static double ofProducts(float[] x, int from, float[] y, int yFrom, int count) {
        double t0 = 0;
        double t1 = 0;
        double t2 = 0;
        double t3 = 0;
        double t4 = 0;
        double t5 = 0;
        double t6 = 0;
        double t7 = 0;
        int i = 0;
        int end = count - count % CHAINS;
        for (; i < end; i += CHAINS) {
            int a = from + i;
            int b = yFrom + i;
            t0 += (double) x[a] * y[b];
            t1 += (double) x[a + 1] * y[b + 1];
            t2 += (double) x[a + 2] * y[b + 2];
            t3 += (double) x[a + 3] * y[b + 3];
            t4 += (double) x[a + 4] * y[b + 4];
            t5 += (double) x[a + 5] * y[b + 5];
            t6 += (double) x[a + 6] * y[b + 6];
            t7 += (double) x[a + 7] * y[b + 7];
        }
        double rest = 0;
        for (; i < count; i++) {
            rest += (double) x[from + i] * y[yFrom + i];
        }
        return ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7)) + rest;
    }
}
