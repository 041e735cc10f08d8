package io.livegraft.actors.supervisor;

import io.livegraft.actors.evaluation.EvaluationGate;
import io.livegraft.actors.evaluation.EvaluationSet;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What is to be scored for an offer, one after the other, and what came of it. */
final class Measurements {
    /** Whose scores. */
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

    /** The scores of one subject. */
    record Scores(Subject subject, Examples examples) {}

    private final Deque<Scores> wanted = new ArrayDeque<>();
    private final Map<Scores, List<Double>> measured = new HashMap<>();

    /** Of the base on the general set, which never change. */
    static final Scores BASE_ON_GENERAL = new Scores(Subject.BASE, Examples.GENERAL);

    /** Takes scores from an earlier offer. */
    void know(Scores scores, List<Double> nats) {
        measured.put(scores, nats);
    }

    /** Wants base's and candidate's scores of these examples, and the parent's where {@code parent}. */
    void want(Examples examples, boolean parent) {
        want(new Scores(Subject.BASE, examples));
        want(new Scores(Subject.CANDIDATE, examples));
        if (parent) {
            want(new Scores(Subject.PARENT, examples));
        }
    }

    private void want(Scores scores) {
        if (!measured.containsKey(scores)) {
            wanted.add(scores);
        }
    }

    /** Empty when all is measured. */
    Optional<Scores> next() {
        return Optional.ofNullable(wanted.peek());
    }

    /** Of {@link #next()}. */
    void took(List<Double> scores) {
        measured.put(wanted.remove(), scores);
    }

    /** Of these examples, which are {@code set}; empty where they were not wanted. */
    Optional<EvaluationGate.Losses> losses(Examples examples, EvaluationSet set) {
        Optional<List<Double>> base = scores(Subject.BASE, examples);
        return base.map(scores -> new EvaluationGate.Losses(
                set.nll(scores, scores),
                scores(Subject.PARENT, examples)
                        .map(parent -> OptionalDouble.of(set.nll(parent, scores)))
                        .orElse(OptionalDouble.empty()),
                set.nll(scores(Subject.CANDIDATE, examples).orElseThrow(), scores)));
    }

    private Optional<List<Double>> scores(Subject subject, Examples examples) {
        return Optional.ofNullable(measured.get(new Scores(subject, examples)));
    }
}
