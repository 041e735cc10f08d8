package io.livegraft.gpu.training;

import java.nio.file.Path;
import java.util.List;

/** What a run trains, step by step. */
sealed interface Trainee permits AdapterTrainee, FullTrainee {
    LossReport step(List<TrainingInput> inputs);

    /** Trained values. */
    int parameters();

    /** Writes what it has become and returns its digest. */
    String write(Path out);
}
