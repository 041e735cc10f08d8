package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.proto.feedback.Configure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Law 1: what is trained is a pure function of the log, wherever crashes fall. */
class TrainerCoreLawTest {
    static final StepSettings SETTINGS = TestingSteps.settings();
    static final int SEEDS = 200;

    private static final List<Label> LABELS = List.of(Label.values());

    @Test
    void restartingFromAnyCheckpointGivesTheSameStepsOffersAndState() {
        for (long seed = 0; seed < SEEDS; seed++) {
            List<LogEntry> log = log(seed);
            assertEquals(run(log), crashing(log, new Random(seed), UnaryOperator.identity()), "seed " + seed);
        }
    }

    @Test
    void aRestartThatForgetsTheDrawsIsFound() {
        assertTrue(differs(core -> with(core, core.window(), core.randomState() + 1, core.heldOut())));
    }

    @Test
    void aRestartThatForgetsTheEventIdsIsFound() {
        assertTrue(differs(
                core -> with(core, EventWindow.empty(SETTINGS.eventWindow()), core.randomState(), core.heldOut())));
    }

    @Test
    void aRestartThatForgetsTheHeldOutExamplesIsFound() {
        assertTrue(differs(core -> with(core, core.window(), core.randomState(), List.of())));
    }

    @Test
    void aRestartThatForgetsWhatWasConfiguredIsFound() {
        assertTrue(differs(core -> configured(core, SETTINGS, Configured.NOTHING, core.contributions())));
    }

    @Test
    void aRestartThatForgetsWhoContributedIsFound() {
        assertTrue(differs(core -> configured(core, core.settings(), core.configured(), Contributions.NONE)));
    }

    @Test
    void noPrincipalHasMoreEventsInAVersionThanTheCap() {
        long capped = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Map<String, Integer> learned = new HashMap<>();
            TrainerCore core = TrainerCore.initial(SETTINGS, "support");
            for (LogEntry entry : log(seed)) {
                TrainerCore.Outcome outcome = core.on(entry);
                TrainerCounters before = core.counters();
                TrainerCounters after = outcome.next().counters();
                boolean taken = after.trained() + after.heldOut() > before.trained() + before.heldOut();
                if (taken
                        && entry instanceof LogEntry.Feedback feedback
                        && !feedback.principal().isEmpty()) {
                    int cap = core.settings().principalEvents();
                    int events = learned.merge(feedback.principal(), 1, Integer::sum);
                    assertTrue(cap == 0 || events <= cap, "seed " + seed);
                }
                if (outcome.offer().isPresent()) {
                    learned.clear();
                }
                core = outcome.next();
            }
            capped += core.counters().capped();
        }
        assertTrue(capped > 0);
    }

    @Test
    void anEventIdIsNeverTrainedTwiceAsANewExample() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Set<Integer> seen = new HashSet<>();
            TrainerCore core = TrainerCore.initial(SETTINGS, "support");
            for (LogEntry entry : log(seed)) {
                TrainerCore.Outcome outcome = core.on(entry);
                long fresh = outcome.next().counters().trained();
                if (outcome.closed().isPresent()) {
                    List<Lesson> examples = outcome.closed().get().lessons();
                    int replayed = Math.min(
                            core.settings().replayExamples(), core.reservoir().size());
                    for (Lesson example : examples.subList(0, examples.size() - replayed)) {
                        assertTrue(seen.add(TestingSteps.number(example)), "seed " + seed);
                    }
                }
                core = outcome.next();
                assertTrue(fresh >= seen.size());
            }
            assertFalse(seen.isEmpty());
        }
    }

    @Test
    void everyRecordIsCountedOnce() {
        for (long seed = 0; seed < SEEDS; seed++) {
            List<LogEntry> log = log(seed);
            long feedback = log.stream()
                    .filter(entry -> entry instanceof LogEntry.Feedback)
                    .count();
            TrainerCore core = TrainerCore.initial(SETTINGS, "support");
            for (LogEntry entry : log) {
                core = core.on(entry).next();
            }
            TrainerCounters counted = core.counters();
            assertEquals(
                    feedback,
                    counted.trained() + counted.heldOut() + counted.duplicates() + counted.skipped() + counted.capped(),
                    "seed " + seed);
        }
    }

    private static boolean differs(UnaryOperator<TrainerCore> mutant) {
        for (long seed = 0; seed < SEEDS; seed++) {
            List<LogEntry> log = log(seed);
            if (!run(log).equals(crashing(log, new Random(seed), mutant))) {
                return true;
            }
        }
        return false;
    }

    static List<String> run(List<LogEntry> log) {
        List<String> told = new ArrayList<>();
        TrainerCore core = TrainerCore.initial(SETTINGS, "support");
        for (LogEntry entry : log) {
            TrainerCore.Outcome outcome = core.on(entry);
            tell(told, outcome);
            core = outcome.next();
        }
        told.add(state(core));
        return told;
    }

    /** Crashes at random: goes on from the last checkpoint, with what was told after it undone and the log read again. */
    private static List<String> crashing(List<LogEntry> log, Random random, UnaryOperator<TrainerCore> restart) {
        List<String> told = new ArrayList<>();
        TrainerCore saved = TrainerCore.initial(SETTINGS, "support");
        int savedTold = 0;
        TrainerCore core = saved;
        int crashes = 3;
        for (int i = 0; i < log.size(); i++) {
            if (crashes > 0 && random.nextInt(10) == 0) {
                crashes--;
                core = restart.apply(saved);
                told.subList(savedTold, told.size()).clear();
                i = random.nextInt(i + 1) == 0 ? 0 : restartAt(log, saved.offset(), random);
            }
            TrainerCore.Outcome outcome = core.on(log.get(i));
            tell(told, outcome);
            core = outcome.next();
            if (outcome.checkpoint()) {
                assertTrue(core.waiting().isEmpty() && core.deadlineMillis().isEmpty());
                saved = core;
                savedTold = told.size();
            }
        }
        told.add(state(core));
        return told;
    }

    /** Anywhere at or before the first entry that the checkpoint does not hold. */
    private static int restartAt(List<LogEntry> log, long savedOffset, Random random) {
        int firstUnsaved = 0;
        while (firstUnsaved < log.size() - 1 && log.get(firstUnsaved).offset() <= savedOffset) {
            firstUnsaved++;
        }
        return random.nextInt(firstUnsaved + 1);
    }

    static void tell(List<String> told, TrainerCore.Outcome outcome) {
        outcome.closed()
                .ifPresent(step -> told.add("step %d %s %s through %d"
                        .formatted(
                                step.number(), step.loss(), TestingSteps.print(step.lessons()), step.throughOffset())));
        outcome.offer().ifPresent(offer -> told.add("offer " + offer.eventTimes()));
    }

    static String state(TrainerCore core) {
        return "%s %s %d %s %s %s %s %d %s %d %d %s %s"
                .formatted(
                        core.configured(),
                        core.contributions(),
                        core.offset(),
                        TestingSteps.print(core.waiting()),
                        core.window().ids(),
                        TestingSteps.print(core.reservoir()),
                        TestingSteps.print(core.heldOut()),
                        core.randomState(),
                        core.counters(),
                        core.steps(),
                        core.stepsSinceOffer(),
                        core.offerDeadlineMillis(),
                        core.eventTimes());
    }

    static List<LogEntry> log(long seed) {
        Random random = new Random(seed);
        List<LogEntry> log = new ArrayList<>();
        long millis = 1000;
        for (int i = 0; i < 120; i++) {
            long offset = 3L * i; // other tenants have the offsets between
            millis += random.nextInt(60);
            if (random.nextInt(4) == 0) {
                log.add(new LogEntry.Tick(offset, millis));
            } else if (random.nextInt(20) == 0) {
                log.add(new LogEntry.Configure(offset, millis, configured(random)));
            } else {
                int id = random.nextInt(8) == 0 ? random.nextInt(i + 1) : i;
                Label label = LABELS.get(random.nextInt(LABELS.size()));
                String principal = random.nextBoolean() ? "" : "principal-" + random.nextInt(3);
                log.add(new LogEntry.Feedback(
                        offset,
                        millis,
                        "event-" + id,
                        millis - random.nextInt(50),
                        label,
                        TestingSteps.lesson(label, i),
                        "",
                        principal));
            }
        }
        return log;
    }

    private static Configured configured(Random random) {
        Configure.Builder values = Configure.newBuilder().setStepExamples(1 + random.nextInt(6));
        if (random.nextBoolean()) {
            values.setHeldOutShare(random.nextInt(100)).setPublishEverySteps(1 + random.nextInt(4));
        } else {
            values.setPrincipalEvents(random.nextInt(4)).setMaxWaitMillis(1 + random.nextInt(300));
        }
        if (random.nextBoolean()) {
            values.setLoss(TestingSteps.loss(random).toString());
        }
        return new Configured(values.build());
    }

    private static TrainerCore with(TrainerCore core, EventWindow window, long randomState, List<Lesson> heldOut) {
        return new TrainerCore(
                core.settings(),
                core.configured(),
                core.offset(),
                core.deadlineMillis(),
                core.waiting(),
                window,
                core.reservoir(),
                heldOut,
                randomState,
                core.counters(),
                core.steps(),
                core.stepsSinceOffer(),
                core.offerDeadlineMillis(),
                core.eventTimes(),
                core.contributions());
    }

    private static TrainerCore configured(
            TrainerCore core, StepSettings settings, Configured configured, Contributions contributions) {
        return new TrainerCore(
                settings,
                configured,
                core.offset(),
                core.deadlineMillis(),
                core.waiting(),
                core.window(),
                core.reservoir(),
                core.heldOut(),
                core.randomState(),
                core.counters(),
                core.steps(),
                core.stepsSinceOffer(),
                core.offerDeadlineMillis(),
                core.eventTimes(),
                contributions);
    }

    @Test
    void tenantsDrawDifferently() {
        assertNotEquals(
                TrainerCore.initial(SETTINGS, "support").randomState(),
                TrainerCore.initial(SETTINGS, "sales").randomState());
    }
}
