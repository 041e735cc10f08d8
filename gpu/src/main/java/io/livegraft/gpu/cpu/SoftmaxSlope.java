package io.livegraft.gpu.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax of a row of scores, and its gradient, in place of the scores and of their upstream gradients; zeros outside of what is seen.
 *
 * <pre>{@code
 *   p[j] = e^(s[j] − max) / Σ e^(s − max)      ds[j] = p[j] · ( dp[j] − Σ_k p[k]·dp[k] )
 * }</pre>
 *
 * Sums are float32 in 16 running totals, which are added in halves.
 */
final class SoftmaxSlope {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_512;
    private static final int LANES = SPECIES.length();

    private SoftmaxSlope() {}

    /** Row {@code i} of scores s and gradients dp of one shape; keys {@code begin} to {@code end} are seen. */
    static void row(Matrix s, Matrix dp, int i, int begin, int end) {
        int from = i * s.columns();
        float[] p = s.data();
        float[] ds = dp.data();
        int count = Math.max(0, end - begin);
        if (count > 0) {
            float[] totals = new float[2 * LANES];
            exponentials(p, ds, from + begin, count, Softmax.max(p, from + begin, count), totals);
            float factor = 1 / sum(totals, 0);
            finish(p, ds, from + begin, count, factor, sum(totals, LANES) * factor);
        }
        zero(p, from, from + Math.min(begin, end));
        zero(ds, from, from + Math.min(begin, end));
        zero(p, from + end, from + s.columns());
        zero(ds, from + end, from + s.columns());
    }

    /** Their totals, and those of their products with the gradients. */
    private static void exponentials(float[] s, float[] dp, int from, int count, float max, float[] totals) {
        FloatVector sum = FloatVector.zero(SPECIES);
        FloatVector projection = FloatVector.zero(SPECIES);
        for (int j = 0; j < count; j += LANES) {
            VectorMask<Float> mask = SPECIES.indexInRange(j, count);
            FloatVector e = VectorMath.exp(
                    FloatVector.fromArray(SPECIES, s, from + j, mask).sub(max));
            e.intoArray(s, from + j, mask);
            sum = sum.add(e, mask);
            projection = projection.add(e.mul(FloatVector.fromArray(SPECIES, dp, from + j, mask)));
        }
        sum.intoArray(totals, 0);
        projection.intoArray(totals, LANES);
    }

    /** Of 16, halved again and again. */
    private static float sum(float[] totals, int from) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int t = from; t < from + half; t++) {
                totals[t] += totals[t + half];
            }
        }
        return totals[from];
    }

    private static void finish(float[] p, float[] ds, int from, int count, float factor, float projection) {
        for (int j = 0; j < count; j += LANES) {
            VectorMask<Float> mask = SPECIES.indexInRange(j, count);
            FloatVector probability =
                    FloatVector.fromArray(SPECIES, p, from + j, mask).mul(factor);
            probability.intoArray(p, from + j, mask);
            FloatVector.fromArray(SPECIES, ds, from + j, mask)
                    .sub(projection)
                    .mul(probability)
                    .intoArray(ds, from + j, mask);
        }
    }

    private static void zero(float[] values, int from, int to) {
        Arrays.fill(values, from, to, 0f);
    }
}
