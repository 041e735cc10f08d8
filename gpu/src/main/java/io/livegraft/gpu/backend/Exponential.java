package io.livegraft.gpu.backend;

/**
 * e^x of floats by plain arithmetic, so that a seed draws the same tokens in every compiler and on every machine, in a loop that
 * the compiler turns into vector instructions.
 *
 * <pre>{@code
 *   e^x = 2^n · e^r      n = round(x / ln 2)      r = x − n·ln 2 (in two parts), |r| ≤ ln 2 / 2
 *   e^r ≈ 1 + r + r²·(P₀ + P₁r + … + P₅r⁵)                          (Cephes expf; relative error below 2·10⁻⁷)
 * }</pre>
 */
final class Exponential {
    /** Below it e^x is no number that matters beside 1. */
    private static final float SMALLEST = -87f;

    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -0.00021219444f;
    /** Adding it rounds to an integer, which then stands in the lowest bits: 1.5 · 2²³. */
    private static final float ROUND = 12582912f;

    private Exponential() {}

    /** {@code out[i] = e^((x[i] − shift) · scale)}, nothing above {@code shift}. */
    static void of(float[] out, float[] x, float shift, float scale) {
        for (int i = 0; i < x.length; i++) {
            out[i] = of(Math.max((x[i] - shift) * scale, SMALLEST));
        }
    }

    private static float of(float x) {
        float shifted = (x * LOG2_E) + ROUND;
        float n = shifted - ROUND;
        float r = (x - (n * LN2_HIGH)) - (n * LN2_LOW);
        float p = (r * 0.00019875691f) + 0.0013981999f;
        p = (p * r) + 0.008333452f;
        p = (p * r) + 0.041665796f;
        p = (p * r) + 0.16666666f;
        p = (p * r) + 0.5f;
        float power =
                Float.intBitsToFloat((Float.floatToRawIntBits(shifted) + 127 - Float.floatToRawIntBits(ROUND)) << 23);
        return ((p * (r * r)) + r + 1f) * power;
    }
}
