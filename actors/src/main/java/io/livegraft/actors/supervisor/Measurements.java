package io.livegraft.actors.supervisor;

import io.livegraft.actors.evaluation.EvaluationGate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What is to be measured for an offer, one after the other, and what came of it. */
final class Measurements {
    /** Whose loss. */
    enum Subject {
        BASE,
        CANDIDATE,
        PARENT
    }

    /** On which examples. */
    enum Examples {
        HELD_OUT,
        GENERAL
    }

    /** One loss. */
    record Loss(Subject subject, Examples examples) {}

    private final Deque<Loss> wanted = new ArrayDeque<>();
    private final Map<Loss, Double> measured = new HashMap<>();

    /** Of the base on the general set, which never changes. */
    static final Loss BASE_ON_GENERAL = new Loss(Subject.BASE, Examples.GENERAL);

    /** Takes a loss from an earlier offer. */
    void know(Loss loss, double nats) {
        measured.put(loss, nats);
    }

    /** Wants base's and candidate's loss on these examples, and the parent's where {@code parent}. */
    void want(Examples examples, boolean parent) {
        want(new Loss(Subject.BASE, examples));
        want(new Loss(Subject.CANDIDATE, examples));
        if (parent) {
            want(new Loss(Subject.PARENT, examples));
        }
    }

    private void want(Loss loss) {
        if (!measured.containsKey(loss)) {
            wanted.add(loss);
        }
    }

    /** Empty when all is measured. */
    Optional<Loss> next() {
        return Optional.ofNullable(wanted.peek());
    }

    /** Of {@link #next()}. */
    void took(double nats) {
        measured.put(wanted.remove(), nats);
    }

    /** Empty where they were not wanted. */
    Optional<EvaluationGate.Losses> on(Examples examples) {
        OptionalDouble base = get(Subject.BASE, examples);
        return base.isEmpty()
                ? Optional.empty()
                : Optional.of(new EvaluationGate.Losses(
                        base.getAsDouble(),
                        get(Subject.PARENT, examples),
                        get(Subject.CANDIDATE, examples).orElseThrow()));
    }

    private OptionalDouble get(Subject subject, Examples examples) {
        Double nats = measured.get(new Loss(subject, examples));
        return nats == null ? OptionalDouble.empty() : OptionalDouble.of(nats);
    }
}
