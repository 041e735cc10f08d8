package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.LossSettings;
import io.livegraft.actors.trainer.StepSettings;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.actors.trainer.TrainerCore;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.ToLongBiFunction;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.Test;

/**
 * Law 1 where a process ends at any moment and the next one reads again from the mark that happened to be committed: every tenant ends
 * in the state of an undisturbed reading. Trainers, what they tell and commits are late by any time.
 */
class ReadAgainLawTest {
    private static final int SEEDS = 3_000;
    private static final List<String> TENANTS = List.of("support", "sales", "legal");
    private static final StepSettings SETTINGS =
            new StepSettings(2, 1_000, 60, 1, 8, 30, 4, 64, 1, 2, 50, 100, 0, 17, LossSettings.SFT);
    private static final ConsumerRecord<byte[], byte[]> RECORD =
            new ConsumerRecord<>("topic", 0, 0, new byte[0], new byte[0]);

    /** One entry; a tick is everybody's. */
    private record Logged(Optional<String> tenant, LogEntry entry) {}

    @Test
    void endsInTheStateOfAnUndisturbedReading() {
        long kills = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            List<Logged> log = log(new SplittableRandom(seed));
            Node node = new Node(log, new SplittableRandom(~seed), (mark, awake) -> mark.value(awake.all()));
            assertEquals(undisturbed(log), node.run(), "seed " + seed);
            kills += node.kills;
        }
        assertTrue(kills > SEEDS, kills + " kills");
    }

    @Test
    void aMarkAtTheFirstUnsavedEntryIsFound() {
        assertNotEquals(0, differing(ReadAgainLawTest::firstUnsaved));
    }

    @Test
    void aMarkThatNoTenantHoldsIsFound() {
        assertNotEquals(0, differing((mark, awake) -> mark.value(List.of())));
    }

    private static long differing(ToLongBiFunction<LowWaterMark, AwakeTenants> marks) {
        long differing = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            List<Logged> log = log(new SplittableRandom(seed));
            differing += undisturbed(log).equals(new Node(log, new SplittableRandom(~seed), marks).run()) ? 0 : 1;
        }
        return differing;
    }

    /** As if the checkpoint were all that a tenant needs to be woken with. */
    private static long firstUnsaved(LowWaterMark mark, AwakeTenants awake) {
        return awake.all().stream()
                .filter(tenant -> !tenant.atRest())
                .mapToLong(tenant -> tenant.progress()
                        .map(told -> Math.max(told.savedThrough() + 1, tenant.hold()))
                        .orElseGet(tenant::hold))
                .reduce(mark.value(List.of()), Math::min);
    }

    private static List<Logged> log(SplittableRandom random) {
        List<Logged> log = new ArrayList<>();
        long millis = 1_000;
        int entries = 20 + random.nextInt(30);
        for (int offset = 0; offset < entries; offset++) {
            millis += random.nextInt(40);
            log.add(random.nextInt(3) == 0 ? tick(offset, millis) : feedback(random, offset, millis));
        }
        for (int i = 0; i < 3; i++) {
            log.add(tick(entries + i, millis + 1_000 * (i + 1L)));
        }
        return log;
    }

    private static Logged tick(long offset, long millis) {
        return new Logged(Optional.empty(), new LogEntry.Tick(offset, millis));
    }

    private static Logged feedback(SplittableRandom random, long offset, long millis) {
        TrainingExample answer = new TrainingExample(new int[] {(int) offset, 2, 3}, 1);
        Lesson lesson = random.nextInt(4) == 0 ? Lesson.worse(answer) : Lesson.better(answer);
        return new Logged(
                Optional.of(TENANTS.get(random.nextInt(TENANTS.size()))),
                new LogEntry.Feedback(offset, millis, "event-" + random.nextInt(100), millis, lesson));
    }

    private static SortedMap<String, String> undisturbed(List<Logged> log) {
        Map<String, TrainerCore> cores = new HashMap<>();
        SortedMap<String, String> saved = new TreeMap<>();
        for (Logged each : log) {
            each.tenant().ifPresent(name -> cores.computeIfAbsent(name, ReadAgainLawTest::initial));
            for (String name : each.tenant().map(List::of).orElse(TENANTS)) {
                Optional.ofNullable(cores.get(name)).ifPresent(core -> {
                    TrainerCore.Outcome outcome = core.on(each.entry());
                    cores.put(name, outcome.next());
                    if (outcome.checkpoint()) {
                        saved.put(name, text(outcome.next()));
                    }
                });
            }
        }
        return saved;
    }

    private static TrainerCore initial(String tenant) {
        return TrainerCore.initial(SETTINGS, tenant);
    }

    private static String text(TrainerCore core) {
        return "offset %d, %d steps, %d since the offer, draws %d, %s"
                .formatted(core.offset(), core.steps(), core.stepsSinceOffer(), core.randomState(), core.counters());
    }

    /** Lives of a process: what is saved and the committed mark survive, all else is lost with each. */
    private static final class Node {
        private final List<Logged> log;
        private final SplittableRandom random;
        private final ToLongBiFunction<LowWaterMark, AwakeTenants> marks;
        private final SortedMap<String, TrainerCore> saved = new TreeMap<>();
        private long committed;
        private long kills;

        private Node(List<Logged> log, SplittableRandom random, ToLongBiFunction<LowWaterMark, AwakeTenants> marks) {
            this.log = log;
            this.random = random;
            this.marks = marks;
        }

        private SortedMap<String, String> run() {
            int lives = 1 + random.nextInt(4);
            for (int life = 0; life < lives; life++) {
                new Life().run(random.nextInt(400));
                kills++;
            }
            new Life().run(Integer.MAX_VALUE);
            SortedMap<String, String> texts = new TreeMap<>();
            saved.forEach((name, core) -> texts.put(name, text(core)));
            return texts;
        }

        private final class Life {
            private final LowWaterMark mark = new LowWaterMark();
            private final AwakeTenants awake = new AwakeTenants(TENANTS.size());
            private final List<Worker> workers = new ArrayList<>();
            private long next = committed;

            private Life() {
                mark.readsFrom(next);
            }

            private void run(int moves) {
                for (int move = 0; move < moves && !ended(); move++) {
                    switch (random.nextInt(4)) {
                        case 0 -> read();
                        case 1 -> anyWorker().ifPresent(Worker::take);
                        case 2 -> anyWorker().ifPresent(Worker::tell);
                        default -> committed = marks.applyAsLong(mark, awake);
                    }
                }
            }

            private boolean ended() {
                return next == log.size() && workers.stream().allMatch(Worker::idle);
            }

            private Optional<Worker> anyWorker() {
                return workers.isEmpty() ? Optional.empty() : Optional.of(workers.get(random.nextInt(workers.size())));
            }

            private void read() {
                if (next == log.size()) {
                    return;
                }
                Logged logged = log.get((int) next++);
                mark.read(logged.entry().offset());
                List<AwakeTenant> takers = logged.tenant()
                        .map(name -> List.of(awake.get(name).orElseGet(() -> wake(name, logged.entry()))))
                        .orElseGet(() -> awake.all().stream()
                                .filter(tenant -> !tenant.atRest())
                                .toList());
                takers.forEach(tenant -> awake.add(tenant, RECORD, logged.entry(), 0));
                takers.forEach(AwakeTenant::give);
            }

            private AwakeTenant wake(String name, LogEntry entry) {
                AwakeTenant tenant = awake.wake(name, entry.offset());
                workers.add(new Worker(tenant));
                return tenant;
            }

            /** A trainer that trains nothing. */
            private final class Worker {
                private final AwakeTenant tenant;
                private final TestInbox<Trainer.Command> inbox = TestInbox.create();
                private final Deque<LogEntry> entries = new ArrayDeque<>();
                private final Deque<Trainer.Progress> untold = new ArrayDeque<>();
                private TrainerCore core;
                private long savedThrough;
                private long taken;

                private Worker(AwakeTenant tenant) {
                    this.tenant = tenant;
                    this.core = saved.getOrDefault(tenant.name(), initial(tenant.name()));
                    this.savedThrough = core.offset();
                    tenant.wakes(inbox.getRef());
                    tell(core);
                }

                private boolean idle() {
                    receive();
                    return entries.isEmpty() && untold.isEmpty();
                }

                private void receive() {
                    inbox.getAllReceived().forEach(each -> entries.addAll(((Trainer.Entries) each).entries()));
                }

                private void take() {
                    receive();
                    if (entries.isEmpty()) {
                        return;
                    }
                    TrainerCore.Outcome outcome = core.on(entries.remove());
                    taken++;
                    core = outcome.next();
                    if (outcome.checkpoint()) {
                        saved.put(tenant.name(), core);
                        savedThrough = core.offset();
                    }
                    tell(core);
                }

                private void tell(TrainerCore now) {
                    untold.add(new Trainer.Progress(
                            tenant.name(),
                            tenant.life(),
                            0,
                            taken,
                            now.offset(),
                            savedThrough,
                            now.offset() == savedThrough,
                            now.tickDueMillis(),
                            now.steps(),
                            now.counters(),
                            0,
                            "",
                            0));
                }

                private void tell() {
                    if (!untold.isEmpty()) {
                        awake.progress(untold.remove());
                    }
                }
            }
        }
    }
}
