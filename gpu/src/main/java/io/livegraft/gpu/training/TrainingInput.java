package io.livegraft.gpu.training;

import java.util.List;

/** One piece of feedback, in the form that a loss takes; {@link LossTask} refuses those of another form. */
public sealed interface TrainingInput {
    /** A completion to imitate: {@link Sft}. */
    record Supervised(TrainingExample example) implements TrainingInput {}

    /** Two completions of one prompt, the better one first: {@link Dpo}. */
    record Preference(TrainingExample chosen, TrainingExample rejected) implements TrainingInput {}

    /** A completion that was liked or not: {@link Kto}, {@link Bco}, {@link ApoZero}. */
    record Labelled(TrainingExample example, boolean desirable) implements TrainingInput {}

    static List<TrainingInput> supervised(List<TrainingExample> examples) {
        return examples.stream().<TrainingInput>map(Supervised::new).toList();
    }

    /** The sequences that are scored, in order. */
    default List<TrainingExample> sequences() {
        return switch (this) {
            case Supervised(var example) -> List.of(example);
            case Preference(var chosen, var rejected) -> List.of(chosen, rejected);
            case Labelled(var example, var desirable) -> List.of(example);
        };
    }

    /** Whether the sequence at {@code index} is one to prefer. */
    default boolean desirable(int index) {
        return switch (this) {
            case Supervised(var example) -> true;
            case Preference(var chosen, var rejected) -> index == 0;
            case Labelled(var example, var desirable) -> desirable;
        };
    }

    /** Tokens of all sequences, prompts too. */
    default int tokens() {
        return sequences().stream().mapToInt(example -> example.tokens().length).sum();
    }

    /** Tokens that are scored. */
    default int targetTokens() {
        return sequences().stream().mapToInt(TrainingExample::targetTokens).sum();
    }
}
