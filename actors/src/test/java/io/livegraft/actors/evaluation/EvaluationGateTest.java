package io.livegraft.actors.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EvaluationGateTest {
    private final EvaluationGate gate = new EvaluationGate(new EvaluationSettings(4, 32, 0.1));

    @Test
    void aCandidateAsGoodAsItsParentPasses() {
        assertTrue(judge(5, OptionalDouble.of(2), 2));
    }

    @Test
    void aCandidateWithinTheTolerancePasses() {
        assertTrue(judge(5, OptionalDouble.of(2), 2.19));
    }

    @Test
    void aCandidateWorseThanItsParentIsRefusedEvenIfBetterThanTheBase() {
        assertFalse(judge(5, OptionalDouble.of(2), 2.3));
    }

    @Test
    void aFirstCandidateIsComparedWithTheBase() {
        assertTrue(judge(5, OptionalDouble.empty(), 4));
        assertFalse(judge(5, OptionalDouble.empty(), 6));
    }

    @Test
    void aLossThatIsNoNumberIsRefused() {
        assertFalse(judge(5, OptionalDouble.of(2), Double.NaN));
    }

    @Test
    void tooFewExamplesRefuseNothingAndSaySo() {
        assertFalse(gate.decides(3));
        EvaluationReport report = gate.unjudged(3, 30);
        assertTrue(report.passed());
        assertEquals("passed unjudged: 3 held-out examples, fewer than 4", report.verdict());
    }

    private boolean judge(double base, OptionalDouble parent, double candidate) {
        return gate.judge(new EvaluationGate.Losses(base, parent, candidate), 10, 100)
                .passed();
    }
}
