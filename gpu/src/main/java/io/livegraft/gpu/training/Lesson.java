package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What one piece of feedback says of answers to one prompt, before a loss takes it: an answer to come closer to, one to move away
 * from, or both. At least one is there.
 */
public record Lesson(Optional<TrainingExample> better, Optional<TrainingExample> worse) {
    public Lesson {
        if (better.isEmpty() && worse.isEmpty()) {
            throw new IllegalArgumentException("a lesson needs a better or a worse answer");
        }
    }

    /** An answer that was good. */
    public static Lesson better(TrainingExample answer) {
        return new Lesson(Optional.of(answer), Optional.empty());
    }

    /** An answer that was not. */
    public static Lesson worse(TrainingExample answer) {
        return new Lesson(Optional.empty(), Optional.of(answer));
    }

    /** Two answers to the same prompt. */
    public static Lesson pair(TrainingExample better, TrainingExample worse) {
        return new Lesson(Optional.of(better), Optional.of(worse));
    }

    /** The part that this loss learns from; empty where it can't learn anything. */
    public Optional<Lesson> learnedBy(Loss loss) {
        return switch (loss) {
            case Sft _ -> better.map(Lesson::better);
            case Dpo _ -> better.isPresent() && worse.isPresent() ? Optional.of(this) : Optional.empty();
            case Kto _, Bco _, ApoZero _ -> Optional.of(this);
        };
    }

    /**
     * Lessons in the form that this loss takes, as far as it learns from them. Of a pair, losses of single answers take each half;
     * all better answers come first, so that {@link Kto} rarely compares a prompt with the other answer to it.
     */
    public static List<TrainingInput> inputs(List<Lesson> lessons, Loss loss) {
        List<TrainingInput> inputs = new ArrayList<>();
        switch (loss) {
            case Sft _ ->
                lessons.forEach(lesson ->
                        lesson.better.map(TrainingInput.Supervised::new).ifPresent(inputs::add));
            case Dpo _ ->
                lessons.forEach(lesson -> lesson.better.ifPresent(chosen -> lesson.worse
                        .map(rejected -> new TrainingInput.Preference(chosen, rejected))
                        .ifPresent(inputs::add)));
            case Kto _, Bco _, ApoZero _ -> {
                lessons.forEach(lesson -> lesson.better
                        .map(answer -> new TrainingInput.Labelled(answer, true))
                        .ifPresent(inputs::add));
                lessons.forEach(lesson -> lesson.worse
                        .map(answer -> new TrainingInput.Labelled(answer, false))
                        .ifPresent(inputs::add));
            }
        }
        return List.copyOf(inputs);
    }

    /** Of both answers, prompts too. */
    public int tokens() {
        return Stream.of(better, worse)
                .flatMap(Optional::stream)
                .mapToInt(answer -> answer.tokens().length)
                .sum();
    }
}
