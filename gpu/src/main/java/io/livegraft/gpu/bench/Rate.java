package io.livegraft.gpu.bench;

import java.util.List;

/**
 * How much was done per second, over several runs of the same work; its unit is in the name of whoever holds it.
 *
 * @param runs how many were measured
 */
public record Rate(double median, double min, double max, int runs) {
    /** Runs the work once to warm up, then {@code runs} times by the clock; {@code amount} is done by each. */
    static Rate measure(int runs, double amount, Runnable work) {
        work.run();
        Double[] rates = new Double[runs];
        for (int run = 0; run < runs; run++) {
            Stopwatch watch = new Stopwatch();
            work.run();
            rates[run] = amount / watch.seconds();
        }
        return of(List.of(rates));
    }

    /** At least one value. */
    static Rate of(List<Double> rates) {
        double[] sorted =
                rates.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int n = sorted.length;
        return new Rate((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1], n);
    }

    /** The medians' ratio. */
    double over(Rate other) {
        return median / other.median;
    }
}
