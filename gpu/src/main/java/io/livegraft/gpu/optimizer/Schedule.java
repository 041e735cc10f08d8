package io.livegraft.gpu.optimizer;

/**
 * How the learning rate follows the optimizer steps; nothing but the number of steps taken enters.
 *
 * <pre>{@code
 *   warmup(t) = min(1, (t+1) / warmupSteps), 1 where warmupSteps is 0          t = steps taken before this one
 * }</pre>
 */
public sealed interface Schedule {
    /** Steps over which the rate grows linearly to its peak. */
    long warmupSteps();

    /** The rate of the step after {@code stepsTaken} ones. */
    double rate(double peak, long stepsTaken);

    /** {@code peak · warmup(t)}. */
    record Constant(long warmupSteps) implements Schedule {
        public Constant {
            requireWarmup(warmupSteps);
        }

        @Override
        public double rate(double peak, long stepsTaken) {
            return warmedUp(peak, stepsTaken, warmupSteps);
        }
    }

    /**
     * Half a period of a cosine over all steps, warmup included (Loshchilov and Hutter, arXiv 1608.03983, equation 5, without
     * restarts).
     *
     * <pre>{@code
     *   peak · warmup(t) · ( floor + (1−floor) · (1 + cos(π · min(t, steps)/steps)) / 2 )
     * }</pre>
     *
     * @param steps of the whole run; later ones stay at the floor
     * @param floor share of the peak that is left at the end, 0 to 1
     */
    record Cosine(long warmupSteps, long steps, double floor) implements Schedule {
        public Cosine {
            requireWarmup(warmupSteps);
            if (steps < 1 || !(floor >= 0 && floor <= 1)) {
                throw new IllegalArgumentException(
                        "a cosine over %d steps to a floor of %s: steps must be at least 1, the floor in [0,1]"
                                .formatted(steps, floor));
            }
        }

        @Override
        public double rate(double peak, long stepsTaken) {
            double cosine = (1 + StrictMath.cos(Math.PI * Math.min(stepsTaken, steps) / steps)) / 2;
            return warmedUp(peak, stepsTaken, warmupSteps) * (floor + (1 - floor) * cosine);
        }
    }

    private static double warmedUp(double peak, long stepsTaken, long warmupSteps) {
        return warmupSteps == 0 ? peak : peak * Math.min(1.0, (stepsTaken + 1.0) / warmupSteps);
    }

    private static void requireWarmup(long warmupSteps) {
        if (warmupSteps < 0) {
            throw new IllegalArgumentException("warmup steps %d must be at least 0".formatted(warmupSteps));
        }
    }
}
