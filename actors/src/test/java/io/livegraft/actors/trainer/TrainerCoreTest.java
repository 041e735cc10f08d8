package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.Configure;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainerCoreTest {
    private final StepSettings settings = TestingSteps.settings();
    private TrainerCore core = TrainerCore.initial(settings, "support");
    private long offset;

    @Test
    void aStepClosesWhenItHoldsEnoughExamples() {
        assertTrue(trained(1, 0).closed().isEmpty());
        trained(2, 1);
        trained(3, 2);
        TrainerCore.Outcome full = trained(4, 3);
        assertEquals(4, full.closed().orElseThrow().examples().size());
        assertEquals(1, full.next().steps());
    }

    @Test
    void aStepClosesWhenItHoldsEnoughTokens() {
        StepSettings few = new StepSettings(100, 6, 200, 0, 0, 0, 5, 64, 2, 3, 150, 100, 0, 17);
        core = TrainerCore.initial(few, "support");
        assertTrue(trained(1, 0).closed().isEmpty());
        assertTrue(trained(2, 0).closed().isPresent());
    }

    @Test
    void aTickClosesAStepWhoseLogTimeIsOver() {
        trained(1, 1000);
        assertSame(core, tick(1199).next());
        TrainerCore.Outcome closed = tick(1200);
        assertEquals(1, closed.closed().orElseThrow().examples().size());
    }

    @Test
    void anEventAfterTheDeadlineClosesTheStepTogetherWithItself() {
        trained(1, 1000);
        assertEquals(2, trained(2, 1200).closed().orElseThrow().examples().size());
    }

    @Test
    void stepsWithoutAnOfferAreOfferedByATickOnceNothingFollows() {
        trained(1, 1000);
        tick(1200);
        assertEquals(OptionalLong.of(1350), core.tickDueMillis());
        assertTrue(tick(1349).offer().isEmpty());
        TrainerCore.Outcome offered = tick(1350);
        assertEquals(List.of(1000L), offered.offer().orElseThrow().eventTimes());
        assertTrue(offered.checkpoint());
        assertTrue(offered.next().tickDueMillis().isEmpty());
        assertSame(core, tick(9999).next());
    }

    @Test
    void whatIsConfiguredClosesTheOpenStepAndCountsFromThereOn() {
        trained(1, 1000);
        Configure values = Configure.newBuilder()
                .setStepExamples(2)
                .setPublishEverySteps(1)
                .build();
        TrainerCore.Outcome configured = take(new LogEntry.Configure(offset++, 1001, new Configured(values)));
        assertEquals(1, configured.closed().orElseThrow().examples().size());
        assertTrue(configured.checkpoint());
        assertTrue(configured.offer().isEmpty());
        trained(2, 1002);
        assertTrue(trained(3, 1003).offer().isPresent());
    }

    @Test
    void aPrincipalsEventsOverTheCapAreCountedUntilTheNextOffer() {
        for (int i = 1; i <= 3; i++) {
            take(new LogEntry.Feedback(
                    offset++, 1000, "e" + i, 0, Label.EXAMPLE, Optional.of(TestingSteps.example(i)), "", "ann"));
        }
        assertEquals(
                settings.principalEvents(),
                core.waiting().size() + core.heldOut().size());
        assertEquals(1, core.counters().capped());
        tick(1200);
        assertTrue(tick(1350).offer().isPresent());
        take(new LogEntry.Feedback(
                offset++, 1400, "e4", 0, Label.ACCEPTED, Optional.of(TestingSteps.example(4)), "", "ann"));
        assertEquals(1, core.counters().capped());
    }

    @Test
    void aForgetOrResetAsksForTheLogToBeReadAgainAndChangesNothingByItself() {
        trained(1, 1000);
        TrainerCore before = core;
        TrainerCore.Outcome forget = take(new LogEntry.Forget(offset++, 1001, "ann", "", ""));
        assertEquals(1, forget.remake().orElseThrow().throughOffset());
        assertSame(before, forget.next());
        assertTrue(take(new LogEntry.Reset(offset++, 1002, -1, "", "")).remake().isPresent());
    }

    @Test
    void recordsWithNothingToLearnEndInACheckpointWithoutAStep() {
        feed("rejected", 1000, Optional.empty());
        TrainerCore.Outcome closed = tick(1200);
        assertTrue(closed.closed().isEmpty());
        assertTrue(closed.checkpoint());
        assertEquals(1, core.counters().skipped());
        assertEquals(0, core.steps());
    }

    @Test
    void anOverdueOfferIsMadeWhenASkippedRecordIsSettled() {
        trained(1, 1000);
        tick(1200);
        feed("rejected", 1300, Optional.empty());
        assertTrue(tick(1500).offer().isPresent());
    }

    @Test
    void heldOutEventsAreNeverTrained() {
        String heldOut = IntStream.range(0, 1000)
                .mapToObj(i -> "h" + i)
                .filter(id -> Digests.leadingByte(id) < settings.heldOutShare())
                .findFirst()
                .orElseThrow();
        feed(heldOut, 1000, Optional.of(TestingSteps.example(7)));
        assertEquals(1, core.counters().heldOut());
        assertTrue(core.waiting().isEmpty());
        assertEquals(List.of("[7, 8, 9]/1"), TestingSteps.print(core.heldOut()));
    }

    @Test
    void laterStepsReplayEarlierExamples() {
        IntStream.rangeClosed(1, 4).forEach(i -> trained(i, i));
        IntStream.rangeClosed(5, 7).forEach(i -> trained(i, i));
        assertEquals(
                4 + settings.replayExamples(),
                trained(8, 8).closed().orElseThrow().examples().size());
    }

    @Test
    void theReservoirStaysBounded() {
        IntStream.rangeClosed(1, 200).forEach(i -> trained(i, i));
        assertEquals(settings.reservoirExamples(), core.reservoir().size());
    }

    @Test
    void theEventWindowForgetsTheOldestFirstAndStaysBounded() {
        EventWindow window = EventWindow.empty(64);
        for (int i = 0; i < 1000; i++) {
            window = window.with("e" + i);
            assertTrue(window.contains("e" + i));
            assertEquals(window.ids(), EventWindow.of(64, window.ids()).ids());
        }
        assertTrue(window.ids().size() <= 64 && window.ids().size() >= 62);
        assertFalse(window.contains("e0"));
    }

    private TrainerCore.Outcome trained(int number, long logMillis) {
        String id = IntStream.range(0, 1000)
                .mapToObj(i -> "e" + number + "-" + i)
                .filter(each -> Digests.leadingByte(each) >= settings.heldOutShare())
                .findFirst()
                .orElseThrow();
        return feed(id, logMillis, Optional.of(TestingSteps.example(number)));
    }

    private TrainerCore.Outcome feed(String id, long logMillis, Optional<TrainingExample> example) {
        return take(new LogEntry.Feedback(offset++, logMillis, id, logMillis, example));
    }

    private TrainerCore.Outcome tick(long logMillis) {
        return take(new LogEntry.Tick(offset++, logMillis));
    }

    private TrainerCore.Outcome take(LogEntry entry) {
        TrainerCore.Outcome outcome = core.on(entry);
        core = outcome.next();
        return outcome;
    }
}
