package io.livegraft.actors.ingest;

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
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.LongBinaryOperator;
import java.util.function.Predicate;
import java.util.function.ToLongBiFunction;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;

/** A partition's log in lives of processes that read it, with moments drawn from a seed; its trainers train nothing. */
final class SimulatedPartition {
    private static final List<String> TENANTS = List.of("support", "sales", "legal");
    private static final StepSettings SETTINGS =
            new StepSettings(2, 1_000, 60, 1, 8, 30, 4, 64, 1, 2, 50, 100, 0, 17, LossSettings.SFT);
    private static final ConsumerRecord<byte[], byte[]> RECORD =
            new ConsumerRecord<>("topic", 0, 0, new byte[0], new byte[0]);

    /** One entry; a tick is everybody's. */
    private record Logged(Optional<String> tenant, LogEntry entry) {}

    /**
     * What nodes go by.
     *
     * @param mark to commit
     * @param evict takes out those whose trainers stop
     * @param kept of the checkpoint that is there and the one that is written after it
     * @param begin where the next owner begins: at the mark that was committed or at what was read last
     */
    record Rules(
            ToLongBiFunction<LowWaterMark, AwakeTenants> mark,
            Function<AwakeTenants, List<AwakeTenant>> evict,
            BinaryOperator<TrainerCore> kept,
            LongBinaryOperator begin) {
        /** Those of the nodes. */
        static final Rules TRUE = new Rules(
                (mark, awake) -> mark.value(awake.all()),
                awake -> awake.evictIdle(Long.MAX_VALUE),
                (before, after) -> after.offset() < before.offset() ? before : after,
                (committed, read) -> committed);

        Rules marking(ToLongBiFunction<LowWaterMark, AwakeTenants> other) {
            return new Rules(other, evict, kept, begin);
        }

        Rules evicting(Predicate<AwakeTenant> stops) {
            return new Rules(
                    mark,
                    awake -> {
                        List<AwakeTenant> stopped =
                                awake.all().stream().filter(stops).toList();
                        stopped.forEach(awake::remove);
                        return stopped;
                    },
                    kept,
                    begin);
        }

        Rules keeping(BinaryOperator<TrainerCore> other) {
            return new Rules(mark, evict, other, begin);
        }

        Rules beginning(LongBinaryOperator other) {
            return new Rules(mark, evict, kept, other);
        }
    }

    private final Rules rules;
    private final List<Logged> log;
    private final SplittableRandom random;
    private final SortedMap<String, TrainerCore> saved = new TreeMap<>();
    /** What the owner before still has in hand when the partition has moved. */
    private List<Life.Worker> former = List.of();

    private long committed;
    private long ends;
    private long moves;
    private long rests;

    SimulatedPartition(Rules rules, long seed) {
        this.rules = rules;
        this.log = log(new SplittableRandom(seed));
        this.random = new SplittableRandom(~seed);
    }

    /** What it comes to when nothing happens. */
    SortedMap<String, String> undisturbed() {
        return undisturbed(log);
    }

    /** Of the processes that read it. */
    long ends() {
        return ends;
    }

    /** Of the partition to another node. */
    long moves() {
        return moves;
    }

    /** Trainers that were stopped because they had nothing left to do. */
    long rests() {
        return rests;
    }

    /** Lives of processes: what is saved and the committed mark survive, all else is lost with each. */
    SortedMap<String, String> run() {
        int lives = 1 + random.nextInt(4);
        for (int life = 0; life < lives; life++) {
            Life one = new Life();
            one.run(random.nextInt(400));
            ends++;
            if (random.nextBoolean()) {
                moves++;
                former = one.workers;
                committed = rules.begin().applyAsLong(committed, one.next);
            } else {
                former = List.of();
            }
        }
        new Life().run(Integer.MAX_VALUE);
        SortedMap<String, String> texts = new TreeMap<>();
        saved.forEach((name, core) -> texts.put(name, text(core)));
        return texts;
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
            each.tenant().ifPresent(name -> cores.computeIfAbsent(name, SimulatedPartition::initial));
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
                switch (random.nextInt(6)) {
                    case 0 -> read();
                    case 1 -> anyWorker().ifPresent(Worker::take);
                    case 2 -> anyWorker().ifPresent(Worker::tell);
                    case 3 -> rest();
                    case 4 -> anyFormer().ifPresent(Worker::take);
                    default -> committed = rules.mark().applyAsLong(mark, awake);
                }
            }
        }

        private boolean ended() {
            return next == log.size() && workers.stream().allMatch(Worker::idle);
        }

        private Optional<Worker> anyWorker() {
            return workers.isEmpty() ? Optional.empty() : Optional.of(workers.get(random.nextInt(workers.size())));
        }

        private Optional<Worker> anyFormer() {
            return former.isEmpty() ? Optional.empty() : Optional.of(former.get(random.nextInt(former.size())));
        }

        private void rest() {
            List<AwakeTenant> stopped = rules.evict().apply(awake);
            workers.removeIf(worker -> stopped.contains(worker.tenant));
            rests += stopped.size();
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
                    saved.merge(tenant.name(), core, rules.kept());
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
