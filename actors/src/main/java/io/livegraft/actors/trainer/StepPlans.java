package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.StepPlan;
import java.util.Optional;

/** What a closed step of one tenant asks of the engine; the one place that says so. What losses compare with is the base. */
record StepPlans(TrainerSettings settings, String tenant) {
    /** From the state before the step, with the settings that were configured then. */
    StepPlan plan(TrainerState before, TrainerCore.ClosedStep closed) {
        return new StepPlan(
                before.training(),
                Lesson.inputs(closed.lessons(), closed.loss()),
                closed.loss(),
                Optional.empty(),
                settings.optimizer(before.core().configured().learningRate()),
                TrainerCore.seed(settings.steps(), tenant));
    }
}
