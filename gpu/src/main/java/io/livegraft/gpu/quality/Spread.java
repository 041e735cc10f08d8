package io.livegraft.gpu.quality;

import java.util.List;

/**
 * One figure over several seeds.
 *
 * @param mean of the values
 * @param deviation sample standard deviation (n−1); 0 for one value
 * @param values in order of the seeds, at least one
 */
public record Spread(double mean, double deviation, List<Double> values) {
    public static Spread of(List<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("a spread needs at least one value");
        }
        double mean = values.stream().mapToDouble(Double::doubleValue).sum() / values.size();
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        double deviation = values.size() == 1 ? 0 : Math.sqrt(squares / (values.size() - 1));
        return new Spread(mean, deviation, List.copyOf(values));
    }
}
