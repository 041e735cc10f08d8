package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code y = x · wᵀ} of a decode step with bfloat16 weights and float32 inputs.
 *
 * <pre>{@code
 *   a[l] = Σ_g w[o, 32g + 2l] · x[n, 32g + 2l], then w[o, 32g + 2l + 1] · x[n, 32g + 2l + 1]      l = 0..15, in order of g
 *   y[n,o] = tree sum of a, as in DecodeProduct
 * }</pre>
 *
 * One element's arithmetic is the same for every number of rows (law 3).
 */
final class Bf16DecodeProduct {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;
    private static final int GROUP = 32;
    private static final int LANES = 16;
    private static final int FEATURES = 4;
    private static final int UPPER = 0xFFFF0000;

    private Bf16DecodeProduct() {}

    static boolean fits(Bf16Weight w) {
        return w.inputFeatures() % GROUP == 0;
    }

    static void run(Workers workers, CpuTensor y, CpuTensor x, Bf16Weight w) {
        x.requireShape(y.rows(), w.inputFeatures());
        y.requireShape(x.rows(), w.outputFeatures());
        float[] inputs = DecodeProduct.evenThenOdd(x);
        DecodeProduct.share(workers, w, (from, to) -> features(y, inputs, w, from, to));
    }

    private static void features(CpuTensor y, float[] inputs, Bf16Weight w, int from, int to) {
        int depth = w.inputFeatures();
        float[] sums = new float[FEATURES * LANES];
        int o = from;
        for (; o + FEATURES <= to; o += FEATURES) {
            for (int n = 0; n < y.rows(); n++) {
                fourFeatures(sums, inputs, n * depth, w.values(), o * depth, depth);
                DecodeProduct.totals(sums);
                DecodeProduct.copyTotals(y.data(), y.row(n) + o, sums);
            }
        }
        for (; o < to; o++) {
            for (int n = 0; n < y.rows(); n++) {
                y.data()[y.row(n) + o] = one(sums, inputs, n * depth, w.values(), o * depth, depth);
            }
        }
    }

    private static float one(float[] sums, float[] x, int from, short[] values, int row, int depth) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < depth; i += GROUP) {
            IntVector pairs = ShortVector.fromArray(SHORTS, values, row + i).reinterpretAsInts();
            FloatVector even = pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector odd = pairs.and(UPPER).reinterpretAsFloats();
            sum = even.fma(FloatVector.fromArray(FLOATS, x, from + i), sum);
            sum = odd.fma(FloatVector.fromArray(FLOATS, x, from + i + LANES), sum);
        }
        sum.intoArray(sums, 0);
        return DecodeProduct.firstTotal(sums);
    }

    /** Written out as {@code DecodeProduct}'s is. */
    private static void fourFeatures(float[] sums, float[] x, int from, short[] values, int row, int depth) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < depth; i += GROUP) {
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, from + i);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, from + i + LANES);
            IntVector w0 = ShortVector.fromArray(SHORTS, values, row + i).reinterpretAsInts();
            s0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
            s0 = w0.and(UPPER).reinterpretAsFloats().fma(x1, s0);
            IntVector w1 =
                    ShortVector.fromArray(SHORTS, values, row + depth + i).reinterpretAsInts();
            s1 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s1);
            s1 = w1.and(UPPER).reinterpretAsFloats().fma(x1, s1);
            IntVector w2 =
                    ShortVector.fromArray(SHORTS, values, row + 2 * depth + i).reinterpretAsInts();
            s2 = w2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s2);
            s2 = w2.and(UPPER).reinterpretAsFloats().fma(x1, s2);
            IntVector w3 =
                    ShortVector.fromArray(SHORTS, values, row + 3 * depth + i).reinterpretAsInts();
            s3 = w3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s3);
            s3 = w3.and(UPPER).reinterpretAsFloats().fma(x1, s3);
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
    }
}
