package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * e^x for float vectors, the same bits in every lane and for every vector width.
 *
 * <pre>{@code
 *   e^x = 2^n · e^r      n = round(x / ln 2)      r = x − n·ln 2 (in two parts), |r| ≤ ln 2 / 2
 *   e^r ≈ 1 + r + r²·(P₀ + P₁r + … + P₅r⁵)                          (Cephes expf; relative error below 2·10⁻⁷)
 * }</pre>
 *
 * Arguments are clamped to [−87, 88], so that the result is never 0, denormal or infinite.
 */
final class VectorMath {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -0.00021219444f;
    /** Adding it rounds to an integer, which then stands in the lowest bits: 1.5 · 2²³. */
    private static final float ROUND = 12582912f;

    private VectorMath() {}

    static FloatVector exp(FloatVector argument) {
        FloatVector x = clamped(argument);
        FloatVector shifted = x.mul(LOG2_E).add(ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(x.species(), -LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(x.species(), -LN2_LOW), r);
        FloatVector p = r.mul(0.00019875691f).add(0.0013981999f);
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.008333452f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.041665796f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.16666666f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.5f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = shifted.reinterpretAsInts().add(127 - Float.floatToRawIntBits(ROUND));
        FloatVector power = exponent.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return p.mul(power);
    }

    /** A NaN stays one, as with max and min, which take more instructions for it. */
    private static FloatVector clamped(FloatVector x) {
        FloatVector atLeast = x.blend(-87f, x.compare(VectorOperators.LT, -87f));
        return atLeast.blend(88f, atLeast.compare(VectorOperators.GT, 88f));
    }

    /** {@code out[i] = e^(x[i] − shift)} for {@code count} elements; in place is fine. */
    static void expShifted(float[] out, int to, float[] x, int from, int count, float shift) {
        int i = 0;
        for (; i < SPECIES.loopBound(count); i += SPECIES.length()) {
            exp(FloatVector.fromArray(SPECIES, x, from + i).sub(shift)).intoArray(out, to + i);
        }
        if (i < count) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, count);
            exp(FloatVector.fromArray(SPECIES, x, from + i, mask).sub(shift)).intoArray(out, to + i, mask);
        }
    }
}
