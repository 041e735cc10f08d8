package io.livegraft.gpu.training;

import io.livegraft.gpu.TinyModel;
import java.util.List;

/** One of each loss, with inputs of its kind for {@link TinyModel}. */
public final class TestingLosses {
    public static final List<Loss> ALL = List.of(
            new Sft(),
            new Dpo(0.3, 0, false),
            new Dpo(0.3, 0.1, false),
            new Dpo(0.3, 0.1, true),
            new Kto(0.3, 1.3, 0.8),
            new Bco(0.3),
            new ApoZero(0.3));

    public static final List<TrainingInput> PREFERENCES = List.of(
            new TrainingInput.Preference(
                    new TrainingExample(new int[] {1, 5, 9, 12, 30, 2}, 3),
                    new TrainingExample(new int[] {1, 5, 9, 8, 8, 14, 2}, 3)),
            new TrainingInput.Preference(
                    new TrainingExample(new int[] {1, 17, 2}, 2), new TrainingExample(new int[] {1, 17, 4, 20, 2}, 2)),
            new TrainingInput.Preference(
                    new TrainingExample(new int[] {1, 7, 7, 3, 8, 11, 29, 4, 2}, 4),
                    new TrainingExample(new int[] {1, 7, 7, 3, 25, 2}, 4)));

    public static final List<TrainingInput> LABELLED = List.of(
            new TrainingInput.Labelled(TinyModel.examples().get(0), true),
            new TrainingInput.Labelled(TinyModel.examples().get(1), false),
            new TrainingInput.Labelled(TinyModel.examples().get(2), true));

    private TestingLosses() {}

    public static List<TrainingInput> inputs(Loss loss) {
        return switch (loss) {
            case Sft _ -> TrainingInput.supervised(TinyModel.examples());
            case Dpo _ -> PREFERENCES;
            case Kto _ -> LABELLED;
            case Bco _ -> LABELLED;
            case ApoZero _ -> LABELLED;
        };
    }
}
