package io.livegraft.actors.supervisor;

import static io.livegraft.actors.supervisor.Measurements.Examples.GENERAL;
import static io.livegraft.actors.supervisor.Measurements.Examples.HELD_OUT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.evaluation.EvaluationGate;
import io.livegraft.actors.evaluation.EvaluationSet;
import io.livegraft.actors.supervisor.Measurements.Scores;
import io.livegraft.actors.supervisor.Measurements.Subject;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class MeasurementsTest {
    /** One answer of one token. */
    private static final EvaluationSet SET =
            new EvaluationSet(List.of(Lesson.better(new TrainingExample(new int[] {1, 2}, 1))), new Sft());

    private final Measurements measurements = new Measurements();

    @Test
    void whatIsKnownIsNotMeasuredAgain() {
        measurements.know(Measurements.BASE_ON_GENERAL, List.of(-7.0));
        measurements.want(HELD_OUT, false);
        measurements.want(GENERAL, true);
        assertEquals(
                List.of(
                        new Scores(Subject.BASE, HELD_OUT),
                        new Scores(Subject.CANDIDATE, HELD_OUT),
                        new Scores(Subject.CANDIDATE, GENERAL),
                        new Scores(Subject.PARENT, GENERAL)),
                measured());
        assertEquals(
                Optional.of(new EvaluationGate.Losses(7, OptionalDouble.of(4), 3)), measurements.losses(GENERAL, SET));
    }

    @Test
    void examplesThatNobodyAskedForHaveNoLosses() {
        measurements.want(HELD_OUT, false);
        measured();
        assertEquals(Optional.empty(), measurements.losses(GENERAL, SET));
        assertEquals(
                Optional.of(new EvaluationGate.Losses(1, OptionalDouble.empty(), 2)),
                measurements.losses(HELD_OUT, SET));
    }

    /** The n-th has a log-likelihood of −n. */
    private List<Scores> measured() {
        List<Scores> order = new ArrayList<>();
        for (Optional<Scores> next = measurements.next(); next.isPresent(); next = measurements.next()) {
            order.add(next.get());
            measurements.took(List.of(-1.0 * order.size()));
        }
        return order;
    }
}
