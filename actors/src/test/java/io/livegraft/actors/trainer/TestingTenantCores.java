package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.Lesson;
import java.util.List;

/** Cores with one part exchanged: what a broken restart or forget would leave. */
final class TestingTenantCores {
    private TestingTenantCores() {}

    static TrainerCore withReservoir(TrainerCore core, List<Lesson> reservoir) {
        return with(core, core.window(), reservoir, core.heldOut());
    }

    static TrainerCore withHeldOut(TrainerCore core, List<Lesson> heldOut) {
        return with(core, core.window(), core.reservoir(), heldOut);
    }

    static TrainerCore withWindow(TrainerCore core, EventWindow window) {
        return with(core, window, core.reservoir(), core.heldOut());
    }

    private static TrainerCore with(
            TrainerCore core, EventWindow window, List<Lesson> reservoir, List<Lesson> heldOut) {
        return new TrainerCore(
                core.settings(),
                core.configured(),
                core.offset(),
                core.deadlineMillis(),
                core.waiting(),
                window,
                reservoir,
                heldOut,
                core.randomState(),
                core.counters(),
                core.steps(),
                core.stepsSinceOffer(),
                core.offerDeadlineMillis(),
                core.eventTimes(),
                core.contributions());
    }
}
