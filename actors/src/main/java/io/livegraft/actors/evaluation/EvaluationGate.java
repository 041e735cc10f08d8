package io.livegraft.actors.evaluation;

import java.util.Locale;
import java.util.OptionalDouble;

/** Turns losses on the held-out examples into a verdict. */
public final class EvaluationGate {
    private final EvaluationSettings settings;

    public EvaluationGate(EvaluationSettings settings) {
        this.settings = settings;
    }

    /** Mean losses per target token over the same held-out examples; {@code parent} is absent for a first version. */
    public record Losses(double base, OptionalDouble parent, double candidate) {}

    /** Whether so many held-out examples say anything. */
    public boolean decides(int heldOutExamples) {
        return heldOutExamples >= settings.leastExamples();
    }

    /** The report of a candidate that too few held-out examples judge: it passes. */
    public EvaluationReport unjudged(int heldOutExamples, long heldOutTokens) {
        return new EvaluationReport(
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                heldOutExamples,
                heldOutTokens,
                true,
                "passed unjudged: %d held-out examples, fewer than %d"
                        .formatted(heldOutExamples, settings.leastExamples()));
    }

    /** A candidate passes when it is not worse than its parent (or the base), but for the tolerance. */
    public EvaluationReport judge(Losses losses, int heldOutExamples, long heldOutTokens) {
        double reference = losses.parent().orElse(losses.base());
        double limit = reference * (1 + settings.tolerance());
        boolean passed = losses.candidate() <= limit; // false for NaN
        String verdict = String.format(
                Locale.ROOT,
                "%s: held-out loss %.4f, %s %.4f, limit %.4f",
                passed ? "passed" : "refused",
                losses.candidate(),
                losses.parent().isPresent() ? "parent" : "base",
                reference,
                limit);
        return new EvaluationReport(
                OptionalDouble.of(losses.base()),
                losses.parent(),
                OptionalDouble.of(losses.candidate()),
                heldOutExamples,
                heldOutTokens,
                passed,
                verdict);
    }
}
