package io.livegraft.actors.ingest;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Tick;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.kafka.ConsumerMessage.Committable;
import org.apache.pekko.kafka.ConsumerMessage.CommittableMessage;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one partition: gives each tenant's events to its trainer, sends what can't be used to the dead-letter topic, writes a
 * tick when a step is overdue, and commits the low-water mark.
 *
 * <p>A trainer that fails leaves the others alone; after a pause the whole partition is read again from its low-water mark.
 */
final class FeedbackPartition extends AbstractBehavior<FeedbackPartition.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(FeedbackPartition.class);
    private static final int MOST_COMMITTABLES = 4096;
    private static final byte[] TICK = FeedbackRecord.newBuilder()
            .setTick(Tick.getDefaultInstance())
            .build()
            .toByteArray();

    sealed interface Command {}

    /** {@code accepted} completes when further records may come. */
    record Read(CommittableMessage<byte[], byte[]> message, CompletableFuture<Done> accepted) implements Command {}

    /** The partition is no longer ours. */
    enum Stop implements Command {
        INSTANCE
    }

    private record Advanced(Trainer.Progress progress) implements Command {}

    private record DeadLettered(long offset, CompletableFuture<Done> accepted) implements Command {}

    private record Ticked(RecordMetadata metadata) implements Command {}

    private record WriteFailed(String what, Throwable cause) implements Command {}

    private enum LookForOverdue implements Command {
        INSTANCE
    }

    private enum Commit implements Command {
        INSTANCE
    }

    private enum ReadAgain implements Command {
        INSTANCE
    }

    /** What every partition needs. */
    record Environment(
            IngestSettings settings,
            String deadLetterTopic,
            FeedbackDecoder decoder,
            FeedbackExamples examples,
            LogWriter writer,
            Trainer.Environment trainer,
            ActorRef<Trainer.Progress> progress,
            Clock clock,
            Metrics metrics) {}

    private record Pending(long offset, Committable committable) {}

    private final TimerScheduler<Command> timers;
    private final Environment environment;
    private final int partition;
    private final BoundedSourceQueue<Committable> commits;
    private final Map<String, Integer> homes = new HashMap<>();
    private final Map<String, ActorRef<Trainer.Command>> trainers = new HashMap<>();
    private final Map<String, Trainer.Progress> progress = new LinkedHashMap<>();
    /** What each trainer may not have acknowledged yet; bounded by the records in flight. */
    private final Map<String, ArrayDeque<CompletableFuture<Done>>> outstanding = new HashMap<>();

    private final Set<String> failed = new HashSet<>();
    private final LowWaterMark lowWaterMark = new LowWaterMark();
    private final ArrayDeque<Pending> committables = new ArrayDeque<>();
    private final ActorRef<Trainer.Progress> advanced;
    private long lastTickMillis = -1;
    private boolean ticking;

    private FeedbackPartition(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Environment environment,
            int partition,
            Map<String, CheckpointStore.Loaded> checkpoints,
            BoundedSourceQueue<Committable> commits) {
        super(context);
        this.timers = timers;
        this.environment = environment;
        this.partition = partition;
        this.commits = commits;
        this.advanced = context.messageAdapter(Trainer.Progress.class, Advanced::new);
        timers.startTimerWithFixedDelay(
                LookForOverdue.INSTANCE, environment.settings().tickInterval());
        timers.startTimerWithFixedDelay(Commit.INSTANCE, environment.settings().commitInterval());
        checkpoints.forEach((tenant, loaded) -> {
            homes.put(tenant, loaded.checkpoint().getPartition());
            if (loaded.checkpoint().getPartition() == partition) {
                trainers.put(tenant, spawn(tenant, Optional.of(loaded)));
            }
        });
    }

    /** Starts with the latest checkpoint of every tenant of the topic. */
    static Behavior<Command> create(
            Environment environment,
            int partition,
            Map<String, CheckpointStore.Loaded> checkpoints,
            BoundedSourceQueue<Committable> commits) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new FeedbackPartition(context, timers, environment, partition, checkpoints, commits)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(ChildFailed.class, this::onTrainerFailed)
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Read read -> onRead(read);
            case Advanced trained -> onProgress(trained.progress());
            case DeadLettered dead -> onDeadLettered(dead);
            case Ticked ticked -> onTicked(ticked.metadata());
            case WriteFailed write -> throw new IllegalStateException(write.what() + " failed", write.cause());
            case LookForOverdue overdue -> onLookForOverdue();
            case Commit commit -> onCommit();
            case ReadAgain again ->
                throw new IllegalStateException("partition %d is read again for %s".formatted(partition, failed));
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void onRead(Read read) {
        ConsumerRecord<byte[], byte[]> record = read.message().record();
        lowWaterMark.read(record.offset());
        remember(new Pending(record.offset(), read.message().committableOffset()));
        Optional<byte[]> key = Optional.ofNullable(record.key());
        switch (environment.decoder().decode(key, Optional.ofNullable(record.value()))) {
            case Decoded.Valid valid -> onValid(valid, record, read.accepted());
            case Decoded.Tick tick -> onTick(record, read.accepted());
            case Decoded.Invalid invalid -> deadLetter(record, invalid.reason(), read.accepted());
        }
    }

    private void onValid(Decoded.Valid valid, ConsumerRecord<byte[], byte[]> record, CompletableFuture<Done> accepted) {
        int home = homes.computeIfAbsent(valid.tenant(), tenant -> partition);
        if (home != partition) {
            deadLetter(
                    record,
                    "tenant '%s' has its log in partition %d, but this record came through partition %d"
                            .formatted(valid.tenant(), home, partition),
                    accepted);
            return;
        }
        switch (environment.examples().map(valid.record())) {
            case FeedbackExamples.Mapped.Usable usable -> {
                environment.metrics().feedback("accepted");
                LogEntry.Feedback entry = new LogEntry.Feedback(
                        record.offset(),
                        record.timestamp(),
                        valid.record().getEventId(),
                        valid.record().getEventTimeMillis(),
                        usable.example());
                give(valid.tenant(), entry, accepted);
            }
            case FeedbackExamples.Mapped.Unusable unusable -> deadLetter(record, unusable.reason(), accepted);
        }
    }

    private void give(String tenant, LogEntry entry, CompletableFuture<Done> accepted) {
        if (failed.contains(tenant)) {
            accepted.complete(Done.getInstance()); // read again once the partition starts again
            return;
        }
        lowWaterMark.given(tenant, entry.offset());
        ArrayDeque<CompletableFuture<Done>> waiting = outstanding.computeIfAbsent(tenant, name -> new ArrayDeque<>());
        while (!waiting.isEmpty() && waiting.getFirst().isDone()) {
            waiting.removeFirst();
        }
        waiting.add(accepted);
        trainers.computeIfAbsent(tenant, name -> spawn(name, Optional.empty()))
                .tell(new Trainer.Entry(entry, accepted));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ends in accepted
    private void onTick(ConsumerRecord<byte[], byte[]> record, CompletableFuture<Done> accepted) {
        LogEntry.Tick tick = new LogEntry.Tick(record.offset(), record.timestamp());
        CompletableFuture<?>[] all = trainers.keySet().stream()
                .map(tenant -> {
                    CompletableFuture<Done> one = new CompletableFuture<>();
                    give(tenant, tick, one);
                    return one;
                })
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(all).whenComplete((done, failure) -> accepted.complete(Done.getInstance()));
    }

    private void deadLetter(ConsumerRecord<byte[], byte[]> record, String reason, CompletableFuture<Done> accepted) {
        LOG.warn("{} partition {} offset {}: {}", record.topic(), partition, record.offset(), reason);
        environment.metrics().feedback("dead_letter");
        lowWaterMark.deadLettering(record.offset());
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("reason", reason);
        headers.put("topic", record.topic());
        headers.put("partition", Integer.toString(partition));
        headers.put("offset", Long.toString(record.offset()));
        getContext()
                .pipeToSelf(
                        environment
                                .writer()
                                .append(
                                        environment.deadLetterTopic(),
                                        Optional.ofNullable(record.key()),
                                        Optional.ofNullable(record.value()),
                                        headers),
                        (written, failure) -> failure == null
                                ? new DeadLettered(record.offset(), accepted)
                                : new WriteFailed("writing to the dead-letter topic", failure));
    }

    private void onDeadLettered(DeadLettered dead) {
        lowWaterMark.deadLettered(dead.offset());
        dead.accepted().complete(Done.getInstance());
    }

    private void onProgress(Trainer.Progress told) {
        progress.put(told.tenant(), told);
        lowWaterMark.progress(told);
        environment.progress().tell(told);
    }

    /** A tick is due when some step's log time is over and no tick that says so is in the log yet. */
    private void onLookForOverdue() {
        long now = environment.clock().millis();
        boolean overdue = progress.values().stream()
                .filter(told ->
                        !failed.contains(told.tenant()) && told.tickDueMillis().isPresent())
                .mapToLong(told -> told.tickDueMillis().getAsLong())
                .anyMatch(due -> due <= now && due > lastTickMillis);
        if (overdue && !ticking) {
            ticking = true;
            getContext()
                    .pipeToSelf(
                            environment.writer().append(environment.trainer().topic(), partition, TICK),
                            (metadata, failure) -> failure == null
                                    ? new Ticked(metadata)
                                    : new WriteFailed("writing a tick", failure));
        }
    }

    private void onTicked(RecordMetadata metadata) {
        ticking = false;
        lastTickMillis = metadata.timestamp();
    }

    /** Keeps a bounded choice of offsets to commit: losing one only commits a little less. */
    private void remember(Pending pending) {
        if (committables.size() >= MOST_COMMITTABLES) {
            committables.removeLast();
        }
        committables.add(pending);
    }

    private void onCommit() {
        long mark = lowWaterMark.value();
        Optional<Pending> highest = Optional.empty();
        while (!committables.isEmpty() && committables.getFirst().offset() < mark) {
            highest = Optional.of(committables.removeFirst());
        }
        highest.ifPresent(pending -> commits.offer(pending.committable()));
    }

    private Behavior<Command> onTrainerFailed(ChildFailed signal) {
        String tenant = trainers.entrySet().stream()
                .filter(each -> each.getValue().path().equals(signal.getRef().path()))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        LOG.error(
                "the trainer of {} failed; its events are read again in {}",
                tenant,
                environment.settings().restart(),
                signal.cause());
        failed.add(tenant);
        lowWaterMark.stopped(tenant);
        outstanding.getOrDefault(tenant, new ArrayDeque<>()).forEach(accepted -> accepted.complete(Done.getInstance()));
        timers.startSingleTimer(ReadAgain.INSTANCE, environment.settings().restart());
        return this;
    }

    private ActorRef<Trainer.Command> spawn(String tenant, Optional<CheckpointStore.Loaded> checkpoint) {
        ActorRef<Trainer.Command> trainer = getContext()
                .spawn(
                        Trainer.create(environment.trainer(), tenant, partition, checkpoint, advanced),
                        "trainer-" + tenant);
        getContext().watch(trainer);
        return trainer;
    }
}
