package io.livegraft.actors.device;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingInput;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Steps that are ready, oldest first, and the cycle under way: a bounded number of them that share passes over the base. Law 3
 * keeps their bits apart, so who shares a cycle never shows in a result.
 *
 * <p>When a cycle fails, each of its steps is tried again in a cycle of its own, so that only the one to blame fails.
 */
final class TrainingQueue {
    private record Cycle(List<DeviceScheduler.Train> steps, SlicedWork<List<StepResult>> work) {}

    private final Function<List<StepPlan>, SlicedWork<List<StepResult>>> together;
    private final int mostSteps;
    private final long mostTokens;
    private final Metrics metrics;
    private final ArrayDeque<DeviceScheduler.Train> ready = new ArrayDeque<>();
    private final ArrayDeque<DeviceScheduler.Train> alone = new ArrayDeque<>();
    private Optional<Cycle> cycle = Optional.empty();

    TrainingQueue(
            Function<List<StepPlan>, SlicedWork<List<StepResult>>> together, DeviceSettings settings, Metrics metrics) {
        this.together = together;
        this.mostSteps = settings.cycleSteps();
        this.mostTokens = settings.cycleTokens();
        this.metrics = metrics;
    }

    void add(DeviceScheduler.Train step) {
        ready.add(step);
    }

    boolean isEmpty() {
        return size() == 0;
    }

    /** Steps without a reply. */
    int size() {
        return ready.size()
                + alone.size()
                + cycle.map(one -> one.steps().size()).orElse(0);
    }

    /** One slice of the cycle under way, or of the next one; only when there is a step. */
    void advance() {
        List<DeviceScheduler.Train> steps = cycle.map(Cycle::steps).orElseGet(this::next);
        try {
            Cycle current = cycle.orElseGet(() -> begin(steps));
            cycle = Optional.of(current);
            if (current.work().advance()) {
                reply(current);
                cycle = Optional.empty();
            }
        } catch (RuntimeException failure) {
            cycle = Optional.empty();
            failed(steps, failure);
        }
    }

    private Cycle begin(List<DeviceScheduler.Train> steps) {
        return new Cycle(
                steps,
                together.apply(steps.stream().map(DeviceScheduler.Train::plan).toList()));
    }

    private List<DeviceScheduler.Train> next() {
        List<DeviceScheduler.Train> steps = new ArrayList<>();
        if (!alone.isEmpty()) {
            steps.add(alone.remove());
        } else {
            long tokens = 0;
            do {
                tokens += tokens(ready.element());
                steps.add(ready.remove());
            } while (!ready.isEmpty() && steps.size() < mostSteps && tokens + tokens(ready.element()) <= mostTokens);
        }
        metrics.trainingCycle(steps.size());
        return steps;
    }

    private static long tokens(DeviceScheduler.Train step) {
        return step.plan().inputs().stream().mapToLong(TrainingInput::tokens).sum();
    }

    private static void reply(Cycle done) {
        List<StepResult> results = done.work().result();
        for (int i = 0; i < results.size(); i++) {
            done.steps().get(i).replyTo().tell(new DeviceScheduler.WorkDone<>(results.get(i)));
        }
    }

    private void failed(List<DeviceScheduler.Train> steps, RuntimeException failure) {
        if (steps.size() == 1) {
            steps.getFirst()
                    .replyTo()
                    .tell(new DeviceScheduler.WorkFailed<>(DeviceScheduler.failure("a training step", failure)));
        } else {
            alone.addAll(steps);
        }
    }
}
