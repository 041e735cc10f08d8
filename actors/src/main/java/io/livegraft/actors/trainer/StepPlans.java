package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.StepPlan;

/** What a closed step of one tenant asks of the engine; the one place that says so. */
record StepPlans(TrainerSettings settings, String tenant) {
    /** From the state before the step, with the settings that were configured then. */
    StepPlan plan(TrainerState before, TrainerCore.ClosedStep closed) {
        return StepPlan.supervised(
                before.training(),
                closed.examples(),
                settings.optimizer(before.core().configured().learningRate()),
                TrainerCore.seed(settings.steps(), tenant));
    }
}
