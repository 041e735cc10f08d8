package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.training.Dpo;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Sft;
import io.livegraft.proto.feedback.Configure;
import java.util.List;
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
        assertEquals(4, full.closed().orElseThrow().lessons().size());
        assertEquals(1, full.next().steps());
    }

    @Test
    void aStepClosesWhenItHoldsEnoughTokens() {
        StepSettings few = new StepSettings(100, 6, 200, 0, 0, 0, 5, 64, 2, 3, 150, 100, 0, 17, LossSettings.SFT);
        core = TrainerCore.initial(few, "support");
        assertTrue(trained(1, 0).closed().isEmpty());
        assertTrue(trained(2, 0).closed().isPresent());
    }

    @Test
    void aTickClosesAStepWhoseLogTimeIsOver() {
        trained(1, 1000);
        assertSame(core, tick(1199).next());
        TrainerCore.Outcome closed = tick(1200);
        assertEquals(1, closed.closed().orElseThrow().lessons().size());
    }

    @Test
    void anEventAfterTheDeadlineClosesTheStepTogetherWithItself() {
        trained(1, 1000);
        assertEquals(2, trained(2, 1200).closed().orElseThrow().lessons().size());
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
        assertEquals(1, configured.closed().orElseThrow().lessons().size());
        assertTrue(configured.checkpoint());
        assertTrue(configured.offer().isEmpty());
        trained(2, 1002);
        assertTrue(trained(3, 1003).offer().isPresent());
    }

    @Test
    void aPrincipalsEventsOverTheCapAreCountedUntilTheNextOffer() {
        for (int i = 1; i <= 3; i++) {
            take(new LogEntry.Feedback(offset++, 1000, "e" + i, 0, Label.EXAMPLE, TestingSteps.lesson(i), "", "ann"));
        }
        assertEquals(
                settings.principalEvents(),
                core.waiting().size() + core.heldOut().size());
        assertEquals(1, core.counters().capped());
        tick(1200);
        assertTrue(tick(1350).offer().isPresent());
        take(new LogEntry.Feedback(offset++, 1400, "e4", 0, Label.ACCEPTED, TestingSteps.lesson(4), "", "ann"));
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
        feed("rejected", 1000, Lesson.worse(TestingSteps.example(1)));
        TrainerCore.Outcome closed = tick(1200);
        assertTrue(closed.closed().isEmpty());
        assertTrue(closed.checkpoint());
        assertEquals(1, core.counters().skipped());
        assertEquals(0, core.steps());
    }

    @Test
    void theLossDecidesWhatAnEventTeaches() {
        Lesson pair = TestingSteps.lesson(Label.CORRECTION, 1);
        feed("imitated", 1000, pair);
        assertEquals(List.of("[1, 2, 3]/1"), TestingSteps.print(core.waiting()));
        Configure dpo = Configure.newBuilder().setLoss("dpo").build();
        TrainerCore.Outcome configured = take(new LogEntry.Configure(offset++, 1001, new Configured(dpo)));
        assertEquals(new Sft(), configured.closed().orElseThrow().loss());
        feed("nothing to compare", 1002, TestingSteps.lesson(2));
        feed("compared", 1003, pair);
        assertEquals(1, core.counters().skipped());
        assertEquals(List.of("[1, 2, 3]/1 not [1, 3, 2]/1"), TestingSteps.print(core.waiting()));
        assertEquals(new Dpo(0.1, 0, false), tick(1300).closed().orElseThrow().loss());
    }

    @Test
    void anOverdueOfferIsMadeWhenASkippedRecordIsSettled() {
        trained(1, 1000);
        tick(1200);
        feed("rejected", 1300, Lesson.worse(TestingSteps.example(1)));
        assertTrue(tick(1500).offer().isPresent());
    }

    @Test
    void heldOutEventsAreNeverTrained() {
        String heldOut = IntStream.range(0, 1000)
                .mapToObj(i -> "h" + i)
                .filter(id -> Digests.leadingByte(id) < settings.heldOutShare())
                .findFirst()
                .orElseThrow();
        feed(heldOut, 1000, TestingSteps.lesson(7));
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
                trained(8, 8).closed().orElseThrow().lessons().size());
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
        return feed(id, logMillis, TestingSteps.lesson(number));
    }

    private TrainerCore.Outcome feed(String id, long logMillis, Lesson lesson) {
        return take(new LogEntry.Feedback(offset++, logMillis, id, logMillis, lesson));
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
