package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.proto.feedback.Configure;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Law 1: what a log forgets was never there, in no bit of the adapter and nowhere else in the state. */
class ForgetLawTest {
    private static final List<Label> LABELS = List.of(Label.values());
    private static final int SETS = 100;
    private static final int MANY_SETS = 1000;
    private static final int ENTRIES = 70;
    private static final int SUBJECTS = 6;
    private static final TestingTenant TENANT = new TestingTenant(TestingSteps.settings());

    @AfterAll
    static void close() {
        TENANT.close();
    }

    @Test
    void withoutSubjectsTheStateIsThatOfALogThatNeverHadThem() {
        int changed = 0;
        for (long seed = 0; seed < MANY_SETS; seed++) {
            List<LogEntry> log = log(new Random(seed), ENTRIES);
            Set<String> without = subjects(new Random(seed));
            TrainerState never = TENANT.trained(TENANT.initial(), lacking(log, without, Long.MAX_VALUE));
            TrainerState replayed = TENANT.replayed(log, Long.MAX_VALUE, without);
            assertEquals(TestingTenant.print(never), TestingTenant.print(replayed), "seed " + seed);
            TrainerState whole = TENANT.replayed(log, Long.MAX_VALUE, Set.of());
            changed += TestingTenant.digest(whole).equals(TestingTenant.digest(replayed)) ? 0 : 1;
        }
        assertTrue(changed > MANY_SETS / 2, "only %d of %d sets mattered".formatted(changed, MANY_SETS));
    }

    @Test
    void aForgetInTheLogLeavesOutWhatCameBeforeItAndNothingLater() {
        for (long seed = 0; seed < SETS; seed++) {
            Random random = new Random(seed);
            List<LogEntry> log = log(random, ENTRIES);
            String subject = "subject-" + random.nextInt(SUBJECTS);
            long at = 3L * random.nextInt(1, ENTRIES) + 1;
            TrainerState never = TENANT.trained(TENANT.initial(), lacking(log, Set.of(subject), at));
            log.add(new LogEntry.Forget(at, 1, subject, "", ""));
            log.sort((a, b) -> Long.compare(a.offset(), b.offset()));
            assertEquals(
                    TestingTenant.print(never),
                    TestingTenant.print(TENANT.replayed(log, Long.MAX_VALUE, Set.of())),
                    "seed " + seed);
        }
    }

    @Test
    void anExampleLeftInTheReservoirIsFound() {
        assertTrue(found((core, example) -> TestingTenantCores.withReservoir(core, with(core.reservoir(), example))));
    }

    @Test
    void anExampleLeftInTheHeldOutSetIsFound() {
        assertTrue(found((core, example) -> TestingTenantCores.withHeldOut(core, with(core.heldOut(), example))));
    }

    @Test
    void anEventIdLeftInTheWindowIsFound() {
        assertTrue(found((core, example) ->
                TestingTenantCores.withWindow(core, core.window().with("event-of-" + TestingSteps.number(example)))));
    }

    /** A mutant keeps something of a forgotten event in the state from which the log goes on. */
    private static boolean found(BiFunction<TrainerCore, Lesson, TrainerCore> mutant) {
        for (long seed = 0; seed < SETS; seed++) {
            List<LogEntry> log = log(new Random(seed), ENTRIES);
            List<LogEntry> before = log.subList(0, ENTRIES / 2);
            List<LogEntry> after = log.subList(ENTRIES / 2, ENTRIES);
            Set<String> without = Set.of("subject-1");
            Optional<Lesson> forgotten = before.stream()
                    .filter(entry ->
                            !lacking(List.of(entry), without, Long.MAX_VALUE).contains(entry))
                    .map(entry -> ((LogEntry.Feedback) entry).lesson())
                    .findFirst();
            if (forgotten.isEmpty()) {
                continue;
            }
            TrainerState clean = TENANT.replayed(before, Long.MAX_VALUE, without);
            TrainerState kept = clean.with(mutant.apply(clean.core(), forgotten.get()));
            String expected = TestingTenant.print(TENANT.trained(clean, after));
            if (!expected.equals(TestingTenant.print(TENANT.trained(kept, after)))) {
                return true;
            }
        }
        return false;
    }

    @Test
    void forgettingNobodyKnownFindsNothing() {
        List<LogEntry> log = log(new Random(1), ENTRIES);
        Replay replay = TENANT.replay(log);
        assertEquals(OptionalLong.empty(), replay.firstForgotten(new LogEntry.Forget(1000, 1, "nobody", "", "")));
        long first = replay.firstForgotten(new LogEntry.Forget(1000, 1, "subject-1", "", ""))
                .orElseThrow();
        log.add(new LogEntry.Forget(500, 1, "subject-1", "", ""));
        assertEquals(
                OptionalLong.empty(),
                TENANT.replay(log).firstForgotten(new LogEntry.Forget(1000, 1, "subject-1", "", "")));
        assertTrue(log.stream().anyMatch(entry -> entry.offset() == first));
    }

    @Test
    void aResetIsTheOldStateWithoutWhatCameBetween() {
        for (long seed = 0; seed < SETS; seed++) {
            Random random = new Random(seed);
            List<LogEntry> log = log(random, ENTRIES);
            List<Long> versions = versions(log);
            long to = versions.get(random.nextInt(versions.size()));
            long at = to + 2 + 3L * random.nextInt(ENTRIES - (int) (to / 3));
            TrainerState old = TENANT.trained(TENANT.initial(), between(log, -1, to + 1));
            TrainerState knowing = old.with(TestingTenantCores.withWindow(
                    old.core(), windowWith(old.core().window(), between(log, to + 1, at))));
            TrainerState expected = TENANT.trained(knowing, between(log, at, Long.MAX_VALUE));
            log.add(new LogEntry.Reset(at, 1_000_000, to, "", ""));
            log.sort((a, b) -> Long.compare(a.offset(), b.offset()));
            TrainerState reset = TENANT.replayed(log, Long.MAX_VALUE, Set.of());
            TrainerCounters counted = reset.core().counters();
            assertEquals(TestingTenant.digest(expected), TestingTenant.digest(reset), "seed " + seed);
            assertEquals(expected.core().window().ids(), reset.core().window().ids());
            assertEquals(expected.core().counters().trained(), counted.trained());
            assertEquals(events(log), sum(counted));
        }
    }

    @Test
    void anyMixOfForgetsAndResetsIsWhatItsRecursiveDefinitionSays() {
        for (long seed = 0; seed < SETS; seed++) {
            Random random = new Random(seed);
            List<LogEntry> log = log(random, ENTRIES);
            List<LogEntry> visible = log;
            for (int i = 0; i < 4; i++) {
                int at = 10 + random.nextInt(ENTRIES - 10);
                long offset = log.get(at).offset();
                if (random.nextBoolean()) {
                    String subject = "subject-" + random.nextInt(SUBJECTS);
                    log.set(at, new LogEntry.Forget(offset, 1_000_000, subject, "", ""));
                } else {
                    log.set(at, new LogEntry.Reset(offset, 1_000_000, random.nextInt((int) offset), "", ""));
                }
            }
            for (LogEntry entry : log) {
                if (entry instanceof LogEntry.Forget forget) {
                    visible = lacking(visible, Set.of(forget.subject()), forget.offset());
                }
            }
            TrainerState defined = defined(visible, Long.MAX_VALUE);
            TrainerState replayed = TENANT.replayed(log, Long.MAX_VALUE, Set.of());
            assertEquals(TestingTenant.digest(defined), TestingTenant.digest(replayed), "seed " + seed);
            assertEquals(defined.core().window().ids(), replayed.core().window().ids(), "seed " + seed);
            assertEquals(
                    TestingSteps.print(defined.core().waiting()),
                    TestingSteps.print(replayed.core().waiting()),
                    "seed " + seed);
        }
    }

    /** S(n) as {@link Selection} has it, of a log without the forgotten. */
    private static TrainerState defined(List<LogEntry> log, long through) {
        Optional<LogEntry> last =
                log.stream().filter(entry -> entry.offset() <= through).reduce((earlier, later) -> later);
        if (last.isEmpty()) {
            return TENANT.initial();
        }
        return switch (last.get()) {
            case LogEntry.Reset reset -> {
                TrainerState old = defined(log, reset.to());
                EventWindow knowing = windowWith(old.core().window(), between(log, reset.to() + 1, reset.offset()));
                TrainerCore core = TestingTenantCores.withWindow(old.core(), knowing);
                Selection all = Selection.of(List.of(), Long.MAX_VALUE, Set.of());
                yield old.with(core.again(reset, all).next());
            }
            case LogEntry.Forget forget -> {
                TrainerState before = defined(log, forget.offset() - 1);
                yield before.with(before.core().passed(forget.offset()));
            }
            case LogEntry.Feedback event -> TENANT.trained(defined(log, event.offset() - 1), List.of(event));
            case LogEntry.Tick tick -> TENANT.trained(defined(log, tick.offset() - 1), List.of(tick));
            case LogEntry.Configure values -> TENANT.trained(defined(log, values.offset() - 1), List.of(values));
        };
    }

    @Test
    void aResetToBeforeTheFirstEventBeginsAnewButKnowsTheIds() {
        List<LogEntry> log = log(new Random(3), ENTRIES);
        long end = 3L * ENTRIES;
        log.add(new LogEntry.Reset(end, 1_000_000, -1, "", ""));
        TrainerState reset = TENANT.replayed(log, end, Set.of());
        assertEquals(TestingTenant.digest(TENANT.initial()), TestingTenant.digest(reset));
        assertEquals(events(log), reset.core().counters().undone());
        assertNotEquals(List.of(), reset.core().window().ids());
        assertEquals(end, reset.core().offset());
    }

    private static List<Long> versions(List<LogEntry> log) {
        List<Long> versions = new ArrayList<>(List.of(-1L));
        TrainerCore core = TENANT.initial().core();
        for (LogEntry entry : log) {
            TrainerCore.Outcome outcome = core.on(entry);
            outcome.offer().ifPresent(offer -> versions.add(entry.offset()));
            core = outcome.next();
        }
        return versions;
    }

    private static List<LogEntry> between(List<LogEntry> log, long from, long before) {
        return log.stream()
                .filter(entry -> entry.offset() >= from && entry.offset() < before)
                .toList();
    }

    private static EventWindow windowWith(EventWindow window, List<LogEntry> log) {
        EventWindow grown = window;
        for (LogEntry entry : log) {
            if (entry instanceof LogEntry.Feedback feedback && !grown.contains(feedback.eventId())) {
                grown = grown.with(feedback.eventId());
            }
        }
        return grown;
    }

    private static long events(List<LogEntry> log) {
        return log.stream().filter(entry -> entry instanceof LogEntry.Feedback).count();
    }

    private static long sum(TrainerCounters counted) {
        LabelCounts labels = counted.labels();
        assertEquals(
                counted.trained() + counted.heldOut() + counted.skipped(),
                labels.examples()
                        + labels.accepted()
                        + labels.rejected()
                        + labels.corrections()
                        + labels.preferences());
        return counted.trained()
                + counted.heldOut()
                + counted.duplicates()
                + counted.skipped()
                + counted.capped()
                + counted.undone();
    }

    private static List<LogEntry> lacking(List<LogEntry> log, Set<String> subjects, long before) {
        return log.stream()
                .filter(entry -> !(entry instanceof LogEntry.Feedback feedback
                        && feedback.offset() < before
                        && subjects.contains(feedback.subject())))
                .toList();
    }

    private static Set<String> subjects(Random random) {
        Set<String> subjects = new HashSet<>();
        int count = 1 + random.nextInt(SUBJECTS - 1);
        while (subjects.size() < count) {
            subjects.add("subject-" + random.nextInt(SUBJECTS));
        }
        return subjects;
    }

    private static <T> List<T> with(List<T> list, T element) {
        List<T> grown = new ArrayList<>(list);
        grown.add(element);
        return grown;
    }

    static List<LogEntry> log(Random random, int entries) {
        List<LogEntry> log = new ArrayList<>();
        long millis = 1000;
        for (int i = 0; i < entries; i++) {
            long offset = 3L * i;
            millis += random.nextInt(60);
            int kind = random.nextInt(20);
            if (kind < 4) {
                log.add(new LogEntry.Tick(offset, millis));
            } else if (kind == 4) {
                Configure.Builder values = Configure.newBuilder()
                        .setStepExamples(1 + random.nextInt(5))
                        .setReplayExamples(random.nextInt(3))
                        .setLearningRate(1e-3 * (1 + random.nextInt(9)));
                if (random.nextBoolean()) {
                    values.setLoss(TestingSteps.loss(random).toString()).setBeta(1 + random.nextInt(4));
                }
                log.add(new LogEntry.Configure(offset, millis, new Configured(values.build())));
            } else {
                int number = random.nextInt(8) == 0 ? random.nextInt(i + 1) : i; // sometimes sent again
                int first = number % 29;
                log.add(new LogEntry.Feedback(
                        offset,
                        millis,
                        "event-of-" + number,
                        millis,
                        LABELS.get(number % LABELS.size()),
                        TestingSteps.lesson(LABELS.get(number % LABELS.size()), first),
                        "subject-" + number % SUBJECTS,
                        random.nextBoolean() ? "" : "principal-" + random.nextInt(4)));
            }
        }
        return log;
    }
}
