package io.livegraft.actors.evaluation;

import java.util.OptionalDouble;

/**
 * The numbers behind a verdict; losses are mean negative log-likelihoods per target token in nats, absent where nothing was
 * measured.
 *
 * @param parentNll of the last published version; absent for a tenant's first
 * @param heldOutExamples evaluated
 * @param verdict one sentence
 */
public record EvaluationReport(
        OptionalDouble baseNll,
        OptionalDouble parentNll,
        OptionalDouble candidateNll,
        int heldOutExamples,
        long heldOutTokens,
        boolean passed,
        String verdict) {}
