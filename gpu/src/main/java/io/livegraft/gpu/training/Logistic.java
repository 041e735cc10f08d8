package io.livegraft.gpu.training;

/** The logistic function and its logarithm, without overflow; the same bits on every machine. */
final class Logistic {
    private Logistic() {}

    /** {@code σ(x) = 1 / (1 + e^−x)}. */
    static double sigmoid(double x) {
        double e = StrictMath.exp(-Math.abs(x));
        return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    }

    /** {@code log σ(x) = min(x, 0) − log(1 + e^−|x|)}. */
    static double logSigmoid(double x) {
        return Math.min(x, 0) - StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }
}
