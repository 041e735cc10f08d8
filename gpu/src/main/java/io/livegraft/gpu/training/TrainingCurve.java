package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** What the steps of a run came to. */
public final class TrainingCurve {
    /** Means over the first and the last tenth of the steps, at least one each. */
    public record Ends(double first, double last) {}

    private final List<LossReport> reports = new ArrayList<>();

    void add(LossReport report) {
        reports.add(report);
    }

    /** Of the loss; empty before the first step. */
    public Optional<Ends> loss() {
        return ends(report -> OptionalDouble.of(report.loss()));
    }

    /** Of {@link RewardMetrics#accuracy()}; empty for {@link Sft}. */
    public Optional<Ends> accuracy() {
        return ends(report -> rewards(report, rewards -> OptionalDouble.of(rewards.accuracy())));
    }

    /** Of {@link RewardMetrics#margin()}, over the steps that have one. */
    public Optional<Ends> margin() {
        return ends(report -> rewards(report, RewardMetrics::margin));
    }

    private static OptionalDouble rewards(LossReport report, Function<RewardMetrics, OptionalDouble> figure) {
        return report.rewards().map(figure).orElse(OptionalDouble.empty());
    }

    private Optional<Ends> ends(Function<LossReport, OptionalDouble> figure) {
        int tenth = (reports.size() + 9) / 10;
        OptionalDouble first = mean(reports.subList(0, tenth), figure);
        OptionalDouble last = mean(reports.subList(reports.size() - tenth, reports.size()), figure);
        return first.isPresent() && last.isPresent()
                ? Optional.of(new Ends(first.getAsDouble(), last.getAsDouble()))
                : Optional.empty();
    }

    private static OptionalDouble mean(List<LossReport> reports, Function<LossReport, OptionalDouble> figure) {
        return reports.stream()
                .map(figure)
                .flatMapToDouble(OptionalDouble::stream)
                .average();
    }
}
