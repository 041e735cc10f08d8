package io.livegraft.gpu.training;

import io.livegraft.gpu.training.TrainingInput.Labelled;
import io.livegraft.gpu.training.TrainingInput.Preference;
import java.util.List;

/** Inputs for every loss, of a vocabulary of 16 tokens. */
final class TinyFeedback {
    private static final TrainingExample SHORT = new TrainingExample(new int[] {1, 7, 2}, 2);
    private static final TrainingExample MIDDLE = new TrainingExample(new int[] {1, 5, 9, 12, 10, 2}, 3);
    private static final TrainingExample OTHER = new TrainingExample(new int[] {1, 5, 9, 4, 4}, 3);
    private static final TrainingExample LONG = new TrainingExample(new int[] {1, 7, 7, 3, 8, 11, 9, 4, 2}, 1);

    private TinyFeedback() {}

    static List<TrainingInput> inputs(Loss loss) {
        return switch (loss) {
            case Sft() -> TrainingInput.supervised(List.of(MIDDLE, LONG, SHORT));
            case Dpo dpo -> List.of(new Preference(MIDDLE, OTHER), new Preference(SHORT, LONG));
            case Kto kto -> labelled();
            case Bco bco -> labelled();
            case ApoZero apoZero -> labelled();
        };
    }

    private static List<TrainingInput> labelled() {
        return List.of(new Labelled(MIDDLE, true), new Labelled(LONG, false), new Labelled(SHORT, true));
    }
}
