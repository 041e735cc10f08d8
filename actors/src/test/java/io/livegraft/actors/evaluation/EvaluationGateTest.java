package io.livegraft.actors.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.evaluation.EvaluationGate.Losses;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EvaluationGateTest {
    private static final OptionalDouble NO_PARENT = OptionalDouble.empty();

    private final EvaluationGate gate = gate(GeneralSettings.Reference.BASE);

    private static EvaluationGate gate(GeneralSettings.Reference reference) {
        return new EvaluationGate(new EvaluationSettings(4, 32, 0.1, new GeneralSettings("base", 64, 0.5, reference)));
    }

    @Test
    void aCandidateAsGoodAsItsParentPasses() {
        assertTrue(heldOut(5, OptionalDouble.of(2), 2));
    }

    @Test
    void aCandidateWithinTheTolerancePasses() {
        assertTrue(heldOut(5, OptionalDouble.of(2), 2.19));
    }

    @Test
    void aCandidateWorseThanItsParentIsRefusedEvenIfBetterThanTheBase() {
        assertFalse(heldOut(5, OptionalDouble.of(2), 2.3));
    }

    @Test
    void aFirstCandidateIsComparedWithTheBase() {
        assertTrue(heldOut(5, NO_PARENT, 4));
        assertFalse(heldOut(5, NO_PARENT, 6));
    }

    @Test
    void aLossThatIsNoNumberIsRefused() {
        assertFalse(heldOut(5, OptionalDouble.of(2), Double.NaN));
        assertFalse(general(5, NO_PARENT, Double.NaN));
    }

    @Test
    void tooFewExamplesRefuseNothingAndSaySo() {
        assertFalse(gate.decides(3));
        EvaluationReport report = gate.judge(Optional.empty(), Optional.empty(), new EvaluationGate.Counts(3, 30, 0));
        assertTrue(report.passed());
        assertEquals("passed unjudged: 3 held-out examples, fewer than 4", report.verdict());
    }

    @Test
    void whatForgetsMoreThanTheToleranceIsRefused() {
        assertTrue(general(1, NO_PARENT, 1.5));
        assertFalse(general(1, NO_PARENT, 1.51));
    }

    @Test
    void whatLearnsIsRefusedAllTheSameWhenItForgets() {
        Losses learned = new Losses(5, OptionalDouble.of(2), 1);
        Losses forgot = new Losses(1, NO_PARENT, 2);
        EvaluationReport report =
                gate.judge(Optional.of(learned), Optional.of(forgot), new EvaluationGate.Counts(10, 100, 16));
        assertFalse(report.passed());
        assertEquals(
                "refused: held-out loss 1.0000, parent 2.0000, limit 2.2000; general loss 2.0000, base 1.0000, limit 1.5000",
                report.verdict());
        assertEquals(Optional.of(new EvaluationReport.General(1, NO_PARENT, 2, 16)), report.general());
    }

    @Test
    void aGeneralSetJudgesWhereTooFewExamplesAreHeldOut() {
        EvaluationReport report = gate.judge(
                Optional.empty(), Optional.of(new Losses(1, NO_PARENT, 1.25)), new EvaluationGate.Counts(3, 30, 16));
        assertTrue(report.passed());
        assertEquals(
                "passed: general loss 1.2500, base 1.0000, limit 1.5000; 3 held-out examples, fewer than 4",
                report.verdict());
    }

    @Test
    void theParentIsAskedForWhereItIsTheReference() {
        assertFalse(gate.comparesGeneralWithParent());
        assertTrue(gate(GeneralSettings.Reference.PARENT).comparesGeneralWithParent());
        assertTrue(general(1, OptionalDouble.of(2), 2.4));
        assertFalse(general(1, OptionalDouble.of(2), 2.6));
    }

    private boolean heldOut(double base, OptionalDouble parent, double candidate) {
        return gate.judge(
                        Optional.of(new Losses(base, parent, candidate)),
                        Optional.empty(),
                        new EvaluationGate.Counts(10, 100, 0))
                .passed();
    }

    private boolean general(double base, OptionalDouble parent, double candidate) {
        return gate.judge(
                        Optional.empty(),
                        Optional.of(new Losses(base, parent, candidate)),
                        new EvaluationGate.Counts(0, 0, 16))
                .passed();
    }
}
