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
    /** Adding and subtracting it rounds to an integer: 1.5 · 2²³. */
    private static final float ROUND = 12582912f;

    private VectorMath() {}

    static FloatVector exp(FloatVector argument) {
        FloatVector x = argument.max(-87f).min(88f);
        FloatVector n = x.mul(LOG2_E).add(ROUND).sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(x.species(), -LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(x.species(), -LN2_LOW), r);
        FloatVector p = r.mul(0.00019875691f).add(0.0013981999f);
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.008333452f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.041665796f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.16666666f));
        p = p.fma(r, FloatVector.broadcast(x.species(), 0.5f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = (IntVector) n.convert(VectorOperators.F2I, 0);
        FloatVector power = exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return p.mul(power);
    }

    /** {@code out[i] = e^(x[i] − shift)} for {@code count} elements; in place is fine. */
    static void expShifted(float[] out, int to, float[] x, int from, int count, float shift) {
        for (int i = 0; i < count; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, count);
            exp(FloatVector.fromArray(SPECIES, x, from + i, mask).sub(shift)).intoArray(out, to + i, mask);
        }
    }
}
