package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;

/** Law 1 for trainers that are stopped while they are at rest: nothing tells whether they were. */
class RestLawTest {
    private int rests;

    @Test
    void stoppingAtRestAndWakingWithTheNextEventChangesNothing() {
        for (long seed = 0; seed < TrainerCoreLawTest.SEEDS; seed++) {
            List<LogEntry> log = TrainerCoreLawTest.log(seed);
            List<String> resting = resting(
                    log,
                    (core, saved) -> core.offset() == saved.offset()
                            && core.tickDueMillis().isEmpty());
            assertEquals(TrainerCoreLawTest.run(log), resting, "seed " + seed);
        }
        assertTrue(rests > 0);
    }

    @Test
    void stoppingBeforeAllIsSavedIsFound() {
        assertTrue(differs((core, saved) -> core.tickDueMillis().isEmpty() || core.offset() > saved.offset()));
    }

    @Test
    void stoppingWhileATickIsDueIsFound() {
        assertTrue(differs((core, saved) -> core.offset() == saved.offset()));
    }

    private boolean differs(BiPredicate<TrainerCore, TrainerCore> atRest) {
        for (long seed = 0; seed < TrainerCoreLawTest.SEEDS; seed++) {
            List<LogEntry> log = TrainerCoreLawTest.log(seed);
            if (!TrainerCoreLawTest.run(log).equals(resting(log, atRest))) {
                return true;
            }
        }
        return false;
    }

    /** Stops as soon as it is at rest; then ticks pass it by, and an event finds it at its checkpoint. */
    private List<String> resting(List<LogEntry> log, BiPredicate<TrainerCore, TrainerCore> atRest) {
        List<String> told = new ArrayList<>();
        TrainerCore saved = TrainerCore.initial(TrainerCoreLawTest.SETTINGS, "support");
        TrainerCore core = saved;
        for (LogEntry entry : log) {
            if (atRest.test(core, saved)) {
                rests++;
                core = saved;
                if (entry instanceof LogEntry.Tick) {
                    continue;
                }
            }
            TrainerCore.Outcome outcome = core.on(entry);
            TrainerCoreLawTest.tell(told, outcome);
            core = outcome.next();
            if (outcome.checkpoint()) {
                saved = core;
            }
        }
        told.add(TrainerCoreLawTest.state(core));
        return told;
    }
}
