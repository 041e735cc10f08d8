package io.livegraft.actors.supervisor;

import static io.livegraft.actors.supervisor.Measurements.Examples.GENERAL;
import static io.livegraft.actors.supervisor.Measurements.Examples.HELD_OUT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.evaluation.EvaluationGate;
import io.livegraft.actors.supervisor.Measurements.Loss;
import io.livegraft.actors.supervisor.Measurements.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class MeasurementsTest {
    private final Measurements measurements = new Measurements();

    @Test
    void whatIsKnownIsNotMeasuredAgain() {
        measurements.know(Measurements.BASE_ON_GENERAL, 7);
        measurements.want(HELD_OUT, false);
        measurements.want(GENERAL, true);
        assertEquals(
                List.of(
                        new Loss(Subject.BASE, HELD_OUT),
                        new Loss(Subject.CANDIDATE, HELD_OUT),
                        new Loss(Subject.CANDIDATE, GENERAL),
                        new Loss(Subject.PARENT, GENERAL)),
                measured());
        assertEquals(Optional.of(new EvaluationGate.Losses(7, OptionalDouble.of(3), 2)), measurements.on(GENERAL));
    }

    @Test
    void examplesThatNobodyAskedForHaveNoLosses() {
        measurements.want(HELD_OUT, false);
        measured();
        assertEquals(Optional.empty(), measurements.on(GENERAL));
        assertEquals(Optional.of(new EvaluationGate.Losses(0, OptionalDouble.empty(), 1)), measurements.on(HELD_OUT));
    }

    /** Each loss is its place in the order. */
    private List<Loss> measured() {
        List<Loss> order = new ArrayList<>();
        for (Optional<Loss> next = measurements.next(); next.isPresent(); next = measurements.next()) {
            measurements.took(order.size());
            order.add(next.get());
        }
        return order;
    }
}
