package io.livegraft.actors.evaluation;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns losses into a verdict: on the held-out examples a candidate may not be worse than its parent, and on the general set
 * not worse than what it is compared with there, each but for a tolerance.
 */
public final class EvaluationGate {
    private final EvaluationSettings settings;

    public EvaluationGate(EvaluationSettings settings) {
        this.settings = settings;
    }

    /** Mean losses over the same examples; {@code parent} is absent for a first version. */
    public record Losses(double base, OptionalDouble parent, double candidate) {}

    /** How many examples there are. */
    public record Counts(int heldOutExamples, long heldOutTokens, int generalExamples) {}

    /** One of the two conditions. */
    private record Condition(String name, double candidate, boolean againstParent, double reference, double limit) {
        boolean holds() {
            return candidate <= limit; // false for NaN
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s loss %.4f, %s %.4f, limit %.4f",
                    name,
                    candidate,
                    againstParent ? "parent" : "base",
                    reference,
                    limit);
        }
    }

    /** Whether so many held-out examples say anything. */
    public boolean decides(int heldOutExamples) {
        return heldOutExamples >= settings.leastExamples();
    }

    /** Whether the parent's loss on the general set matters. */
    public boolean comparesGeneralWithParent() {
        return settings.general().reference() == GeneralSettings.Reference.PARENT;
    }

    /**
     * A candidate passes when it meets every condition that was measured.
     *
     * @param heldOut empty where the held-out examples are too few to say anything
     * @param general empty without a general set
     */
    public EvaluationReport judge(Optional<Losses> heldOut, Optional<Losses> general, Counts counts) {
        Optional<Condition> learned = heldOut.map(this::heldOut);
        Optional<Condition> kept = general.map(this::general);
        boolean passed = Stream.of(learned, kept).flatMap(Optional::stream).allMatch(Condition::holds);
        return new EvaluationReport(
                heldOut.map(losses -> OptionalDouble.of(losses.base())).orElse(OptionalDouble.empty()),
                heldOut.map(Losses::parent).orElse(OptionalDouble.empty()),
                heldOut.map(losses -> OptionalDouble.of(losses.candidate())).orElse(OptionalDouble.empty()),
                counts.heldOutExamples(),
                counts.heldOutTokens(),
                passed,
                (passed ? "passed" : "refused") + verdict(learned, kept, counts),
                general.map(losses -> new EvaluationReport.General(
                        losses.base(), losses.parent(), losses.candidate(), counts.generalExamples())));
    }

    private Condition heldOut(Losses losses) {
        double reference = losses.parent().orElse(losses.base());
        return new Condition(
                "held-out",
                losses.candidate(),
                losses.parent().isPresent(),
                reference,
                reference * (1 + settings.tolerance()));
    }

    private Condition general(Losses losses) {
        double reference = losses.parent().orElse(losses.base());
        return new Condition(
                "general",
                losses.candidate(),
                losses.parent().isPresent(),
                reference,
                reference + settings.general().toleranceNats());
    }

    private String verdict(Optional<Condition> learned, Optional<Condition> kept, Counts counts) {
        String measured = Stream.of(learned, kept)
                .flatMap(Optional::stream)
                .map(Condition::toString)
                .collect(Collectors.joining("; "));
        String few =
                "%d held-out examples, fewer than %d".formatted(counts.heldOutExamples(), settings.leastExamples());
        if (measured.isEmpty()) {
            return " unjudged: " + few;
        }
        return ": " + measured + (learned.isEmpty() ? "; " + few : "");
    }
}
