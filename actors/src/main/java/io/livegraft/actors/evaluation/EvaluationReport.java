package io.livegraft.actors.evaluation;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The numbers behind a verdict; losses are as {@link EvaluationSet} says for the loss that was trained with, nats, absent where
 * nothing was measured.
 *
 * @param parentNll of the last published version; absent for a tenant's first
 * @param heldOutExamples evaluated
 * @param verdict one sentence
 * @param general what was measured on the general set
 */
public record EvaluationReport(
        OptionalDouble baseNll,
        OptionalDouble parentNll,
        OptionalDouble candidateNll,
        int heldOutExamples,
        long heldOutTokens,
        boolean passed,
        String verdict,
        Optional<General> general) {

    /**
     * On the general set, per target token.
     *
     * @param parentNll absent where the candidate is compared with the base
     */
    public record General(double baseNll, OptionalDouble parentNll, double candidateNll, int examples) {}
}
