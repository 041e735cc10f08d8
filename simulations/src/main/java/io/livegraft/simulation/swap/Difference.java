package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What something adds, by quadruples of blocks in the order ABBA: a drift that is linear in time falls out of each quadruple's
 * difference. The interval is Student's, of the mean of the differences.
 *
 * @param without mean of the blocks A
 * @param difference mean of B less A
 * @param halfWidth of the 95 % confidence interval around it; not a number for fewer than two quadruples
 */
record Difference(double without, double difference, double halfWidth, int quadruples) {
    /** 97.5 % quantiles of Student's distribution with 1, 2, … degrees of freedom. */
    private static final double[] STUDENT = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    /** Four blocks, A first. */
    record Quadruple(Block first, Block second, Block third, Block fourth) {
        private double without(ToDoubleFunction<Block> felt) {
            return (felt.applyAsDouble(first) + felt.applyAsDouble(fourth)) / 2;
        }

        private double difference(ToDoubleFunction<Block> felt) {
            return (felt.applyAsDouble(second) + felt.applyAsDouble(third)) / 2 - without(felt);
        }
    }

    static Difference of(List<Quadruple> quadruples, ToDoubleFunction<Block> felt) {
        int count = quadruples.size();
        double without = quadruples.stream()
                .mapToDouble(each -> each.without(felt))
                .average()
                .orElse(Double.NaN);
        double mean = quadruples.stream()
                .mapToDouble(each -> each.difference(felt))
                .average()
                .orElse(Double.NaN);
        double squares = quadruples.stream()
                .mapToDouble(each -> Math.pow(each.difference(felt) - mean, 2))
                .sum();
        double halfWidth =
                count < 2 ? Double.NaN : student(count - 1) * Math.sqrt(squares / (count - 1)) / Math.sqrt(count);
        return new Difference(without, mean, halfWidth, count);
    }

    private static double student(int degreesOfFreedom) {
        return STUDENT[Math.min(degreesOfFreedom, STUDENT.length) - 1];
    }

    double low() {
        return difference - halfWidth;
    }

    double high() {
        return difference + halfWidth;
    }

    ObjectNode json() {
        return NodeApi.object()
                .put("without", without)
                .put("difference", difference)
                .put("low95", low())
                .put("high95", high())
                .put("quadruples", quadruples);
    }
}
