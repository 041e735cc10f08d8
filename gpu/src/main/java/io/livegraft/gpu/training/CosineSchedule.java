package io.livegraft.gpu.training;

/**
 * Linear warmup, then a cosine from the peak down to a tenth of it.
 *
 * <pre>{@code
 *   lr(t) = peak · (0.1 + 0.9 · (1 + cos(π·t/steps)) / 2)          t = steps taken
 * }</pre>
 *
 * @param optimizer holds the peak rate and the warmup
 */
record CosineSchedule(OptimizerSettings optimizer, long steps) {
    OptimizerSettings at(long stepsTaken) {
        double cosine = (1 + StrictMath.cos(Math.PI * stepsTaken / steps)) / 2;
        return optimizer.withLearningRate(optimizer.learningRateAt(stepsTaken) * (0.1 + 0.9 * cosine));
    }
}
