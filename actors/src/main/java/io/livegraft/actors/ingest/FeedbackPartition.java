package io.livegraft.actors.ingest;

import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.trainer.FencedException;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.Trainer;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one partition: gives each tenant's events to its trainer, sends what can't be used to the dead-letter topic, writes a
 * tick when a step is overdue, and tells the low-water mark.
 *
 * <p>A tenant's trainer is there only while it has something to do: it wakes from the latest checkpoint with the tenant's next
 * event and is stopped when all of its log is in a checkpoint again and it was idle for a while, or when others need its place.
 * Whoever is settled ignores ticks, so only the others get them.
 *
 * <p>What a tenant missed, because its trainer failed or there was no place for one, is read again after a pause, from the
 * low-water mark on; the others ignore what they have had.
 *
 * <p>Long because the life of a tenant's trainer is told in one place: woken, fed, settled, stopped, failed, and each of these beside the
 * end of the partition itself.
 */
final class FeedbackPartition extends AbstractBehavior<FeedbackPartition.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(FeedbackPartition.class);
    private static final Duration TAKE = Duration.ofSeconds(30);

    sealed interface Command {}

    record Read(LogReader.Batch batch) implements Command {}

    /** The latest progress of each trainer that is awake. */
    record GetProgress(ActorRef<List<Trainer.Progress>> replyTo) implements Command {}

    /** The partition is no longer ours. */
    enum Stop implements Command {
        INSTANCE
    }

    private record Woken(AwakeTenant tenant, Optional<CheckpointStore.Loaded> checkpoint) implements Command {}

    private record WakeFailed(AwakeTenant tenant, Throwable cause) implements Command {}

    private record Advanced(Trainer.Progress progress) implements Command {}

    private record DeadLettered(long offset) implements Command {}

    private record Ticked(RecordMetadata metadata) implements Command {}

    private record Failed(String what, Throwable cause) implements Command {}

    /** {@code through}: what the archive holds; empty where it can't be written. */
    private record Archived(long epoch, long mark, OptionalLong through) implements Command {}

    private enum LookAround implements Command {
        INSTANCE
    }

    private enum Mark implements Command {
        INSTANCE
    }

    /** What every partition needs. */
    record Environment(
            IngestSettings settings,
            String deadLetterTopic,
            LogEntries entries,
            LogWriter writer,
            Optional<FeedbackArchive> archive,
            Trainer.Environment trainer,
            Clock clock,
            Metrics metrics) {}

    private final Environment environment;
    private final int partition;
    private final LogReader reader;
    private final Executor blocking;
    private final Executor reading;
    private final Optional<PartitionArchive> archive;
    private final DeadLetters deadLetters;
    private final AwakeTenants awake;
    private final LowWaterMark lowWaterMark = new LowWaterMark();
    private final Ticks ticks = new Ticks();
    private final ActorRef<Trainer.Progress> advanced;

    private final Set<AwakeTenant> touched = new LinkedHashSet<>();
    private long epoch = -1;
    private long staleEpoch = -1;
    private long readAgainMillis;
    private int batchesKept;

    /** Epoch of the assignment of the partition to this node. */
    private final CompletionStage<Long> assignment;

    private FeedbackPartition(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Environment environment,
            int partition,
            LogReader reader) {
        super(context);
        this.environment = environment;
        this.partition = partition;
        this.reader = reader;
        this.archive = environment
                .archive()
                .map(all ->
                        new PartitionArchive(all.writer(environment.trainer().topic(), partition)));
        this.deadLetters = new DeadLetters(environment.writer(), environment.deadLetterTopic());
        this.awake = new AwakeTenants(environment.trainer().settings().active());
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        this.reading = context.getSystem()
                .dispatchers()
                .lookup(DispatcherSelector.fromConfig("livegraft.trainer.reading.dispatcher"));
        this.advanced = context.messageAdapter(Trainer.Progress.class, Advanced::new);
        this.assignment = AskPattern.ask(
                environment.trainer().registry(),
                replyTo ->
                        new RegistryGuardian.TakePartition(environment.trainer().topic(), partition, replyTo),
                TAKE,
                context.getSystem().scheduler());
        context.pipeToSelf(
                assignment,
                (known, failure) ->
                        failure == null ? LookAround.INSTANCE : new Failed("taking the partition", failure));
        timers.startTimerWithFixedDelay(
                LookAround.INSTANCE, environment.settings().tickInterval());
        timers.startTimerWithFixedDelay(Mark.INSTANCE, environment.settings().commitInterval());
    }

    static Behavior<Command> create(Environment environment, int partition, LogReader reader) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new FeedbackPartition(context, timers, environment, partition, reader)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(ChildFailed.class, this::onTrainerFailed)
                .onSignal(Terminated.class, signal -> this)
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Read read -> onRead(read.batch());
            case GetProgress get -> get.replyTo().tell(awake.progress());
            case Woken woken -> onWoken(woken.tenant(), woken.checkpoint());
            case WakeFailed failed -> onWakeFailed(failed);
            case Advanced trained -> onProgress(trained.progress());
            case DeadLettered dead -> lowWaterMark.deadLettered(dead.offset());
            case Ticked ticked -> ticks.written(ticked.metadata().timestamp());
            case Failed write -> throw new IllegalStateException(write.what() + " failed", write.cause());
            case LookAround around -> onLookAround();
            case Mark mark -> mark();
            case Archived archived -> onArchived(archived);
            case Stop stop -> {
                if (archive.isEmpty()) {
                    mark(); // with an archive it would wait for a write
                }
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void onRead(LogReader.Batch batch) {
        if (batch.epoch() <= staleEpoch) {
            return;
        }
        if (batch.epoch() != epoch) {
            epoch = batch.epoch();
            batchesKept = 0;
            archive.ifPresent(PartitionArchive::begins);
            lowWaterMark.readsFrom(batch.records().getFirst().offset());
        }
        for (ConsumerRecord<byte[], byte[]> record : batch.records()) {
            lowWaterMark.read(record.offset());
            archive.ifPresent(each -> each.append(record));
            read(record);
        }
        if (!hasRoom()) {
            mark();
        }
        touched.forEach(AwakeTenant::give);
        touched.clear();
        batchesKept++;
        letBatchesCome();
    }

    private void read(ConsumerRecord<byte[], byte[]> record) {
        LogEntries.Read entry = environment
                .entries()
                .read(
                        Optional.ofNullable(record.key()),
                        Optional.ofNullable(record.value()),
                        record.offset(),
                        record.timestamp());
        switch (entry) {
            case LogEntries.Read.OfTenant of -> onEntry(of, record);
            case LogEntries.Read.OfAll all -> onTick(all.tick(), record);
            case LogEntries.Read.Unusable unusable -> deadLetter(record, unusable.reason());
        }
    }

    private void onEntry(LogEntries.Read.OfTenant of, ConsumerRecord<byte[], byte[]> record) {
        if (lowWaterMark.misses(of.tenant())) {
            return; // read again in order, once there is a place for its trainer
        }
        Optional<AwakeTenant> tenant = awake.get(of.tenant());
        if (tenant.filter(one -> one.had(record.offset())).isPresent()) {
            return;
        }
        switch (of.entry().get()) {
            case LogEntries.Read.Usable usable -> onEntry(of.tenant(), tenant, usable.entry(), record);
            case LogEntries.Read.Unusable unusable -> deadLetter(record, unusable.reason());
        }
    }

    private void onEntry(
            String name, Optional<AwakeTenant> known, LogEntry entry, ConsumerRecord<byte[], byte[]> record) {
        environment.metrics().feedback("accepted");
        known.or(() -> wake(name, record.offset()))
                .ifPresentOrElse(
                        tenant -> add(tenant, record, entry),
                        () -> miss(name, record.offset(), "there is no place for its trainer"));
    }

    private void onTick(LogEntry.Tick tick, ConsumerRecord<byte[], byte[]> record) {
        awake.all().stream()
                .filter(tenant ->
                        !tenant.atRest() && !tenant.had(record.offset()) && !lowWaterMark.misses(tenant.name()))
                .toList()
                .forEach(tenant -> add(tenant, record, tick));
    }

    private void add(AwakeTenant tenant, ConsumerRecord<byte[], byte[]> record, LogEntry entry) {
        awake.add(tenant, record, entry, environment.clock().millis());
        touched.add(tenant);
    }

    /** Where all places are taken, the tenant that was longest at rest makes room. */
    private Optional<AwakeTenant> wake(String name, long firstOffset) {
        if (awake.full()) {
            awake.evictOne().ifPresent(this::passivate);
        }
        if (awake.full()) {
            return Optional.empty();
        }
        AwakeTenant tenant = awake.wake(name, firstOffset);
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                () -> environment.trainer().checkpoints().latest(name), reading),
                        (checkpoint, failure) ->
                                failure == null ? new Woken(tenant, checkpoint) : new WakeFailed(tenant, failure));
        return Optional.of(tenant);
    }

    private void passivate(AwakeTenant tenant) {
        tenant.trainer().ifPresent(getContext()::stop);
        environment.metrics().passivated();
    }

    private void onWoken(AwakeTenant tenant, Optional<CheckpointStore.Loaded> checkpoint) {
        int home = checkpoint.map(loaded -> loaded.checkpoint().getPartition()).orElse(partition);
        if (home != partition) {
            awake.remove(tenant);
            tenant.waiting()
                    .forEach(each -> deadLetter(
                            each.record(),
                            "tenant '%s' has its log in partition %d, but this record came through partition %d"
                                    .formatted(tenant.name(), home, partition)));
        } else if (checkpoint.filter(loaded -> !loaded.newest()).isPresent()) {
            fallBack(tenant, checkpoint.get());
        } else {
            tenant.wakes(spawn(tenant, checkpoint));
            tenant.give();
        }
        letBatchesCome();
    }

    /** Awake before its log is read again from the older checkpoint on: the next entry may be a tick, which wakes nobody. */
    private void fallBack(AwakeTenant tenant, CheckpointStore.Loaded older) {
        long from = older.checkpoint().getOffset() + 1;
        giveUp(tenant, from, "its newest checkpoint can't be used");
        AwakeTenant again = awake.wake(tenant.name(), from);
        again.wakes(spawn(again, Optional.of(older)));
    }

    private ActorRef<Trainer.Command> spawn(AwakeTenant tenant, Optional<CheckpointStore.Loaded> checkpoint) {
        ActorRef<Trainer.Command> trainer = getContext()
                .spawn(
                        Trainer.create(
                                environment.trainer(),
                                tenant.name(),
                                tenant.life(),
                                partition,
                                assignment,
                                checkpoint,
                                advanced),
                        "trainer-%s-%d".formatted(tenant.name(), tenant.life()));
        getContext().watch(trainer);
        return trainer;
    }

    private void onWakeFailed(WakeFailed failed) {
        LOG.error("the checkpoints of {} can't be read", failed.tenant().name(), failed.cause());
        giveUp(failed.tenant(), failed.tenant().hold(), "its checkpoints can't be read");
    }

    private Behavior<Command> onTrainerFailed(ChildFailed signal) {
        if (signal.cause() instanceof FencedException fenced) {
            throw fenced; // the next run takes the partition again, if it is still ours
        }
        awake.of(signal.getRef()).ifPresent(tenant -> {
            LOG.error("the trainer of {} failed", tenant.name(), signal.cause());
            giveUp(tenant, tenant.hold(), "its trainer failed");
        });
        return this;
    }

    private void giveUp(AwakeTenant tenant, long from, String why) {
        awake.remove(tenant);
        miss(tenant.name(), from, why);
        letBatchesCome();
    }

    private void miss(String tenant, long from, String why) {
        LOG.info("{} is read again from offset {}: {}", tenant, from, why);
        if (lowWaterMark.missed().isEmpty()) {
            readAgainMillis = environment.clock().millis()
                    + environment.settings().restart().toMillis();
        }
        lowWaterMark.missed(tenant, from);
    }

    /** Not before somebody who missed something can be woken: a full house empties by what is read now. */
    private void readAgainWhatWasMissed(long nowMillis) {
        boolean due = !lowWaterMark.missed().isEmpty() && nowMillis >= readAgainMillis && epoch != staleEpoch;
        if (due && (!awake.full() || awake.all().stream().anyMatch(this::makesRoom))) {
            staleEpoch = epoch;
            reader.rewind(partition, epoch, lowWaterMark.value(awake.all()));
        }
    }

    private boolean makesRoom(AwakeTenant tenant) {
        return tenant.atRest() || lowWaterMark.misses(tenant.name());
    }

    private void onProgress(Trainer.Progress told) {
        awake.progress(told).ifPresent(environment.metrics()::woken);
        letBatchesCome();
    }

    private void letBatchesCome() {
        if (hasRoom() && awake.outstanding() <= environment.settings().inFlight()) {
            for (; batchesKept > 0; batchesKept--) {
                reader.taken(partition, epoch);
            }
        }
    }

    private void deadLetter(ConsumerRecord<byte[], byte[]> record, String reason) {
        LOG.warn("{} partition {} offset {}: {}", record.topic(), partition, record.offset(), reason);
        environment.metrics().feedback("dead_letter");
        lowWaterMark.deadLettering(record.offset());
        getContext()
                .pipeToSelf(
                        deadLetters.write(record, reason),
                        (written, failure) -> failure == null
                                ? new DeadLettered(record.offset())
                                : new Failed("writing to the dead-letter topic", failure));
    }

    private boolean hasRoom() {
        return archive.map(PartitionArchive::hasRoom).orElse(true);
    }

    /** What is below the mark may leave Kafka: it is in the archive for good before. */
    private void mark() {
        long mark = lowWaterMark.value(awake.all());
        if (archive.isEmpty()) {
            reader.mark(partition, epoch, mark);
        } else if (!archive.get().forcing()) {
            long markEpoch = epoch;
            getContext()
                    .pipeToSelf(
                            archive.get().force(blocking),
                            (through, failure) ->
                                    new Archived(markEpoch, mark, failure == null ? through : OptionalLong.empty()));
        }
    }

    private void onArchived(Archived archived) {
        archive.ifPresent(PartitionArchive::forced);
        archived.through()
                .ifPresent(through -> reader.mark(partition, archived.epoch(), Math.min(archived.mark(), through + 1)));
        letBatchesCome();
    }

    private void onLookAround() {
        long now = environment.clock().millis();
        if (ticks.begin(awake.all(), now)) {
            writeTick();
        }
        long idleSince = now - environment.trainer().settings().idle().toMillis();
        awake.evictIdle(idleSince).forEach(this::passivate);
        readAgainWhatWasMissed(now);
        environment.metrics().trainersAwake(partition, awake.all().size());
        environment.metrics().entriesWaiting(partition, (double) awake.outstanding());
        environment.metrics().tenantsMissed(partition, lowWaterMark.missed().size());
    }

    private void writeTick() {
        getContext()
                .pipeToSelf(
                        environment.writer().append(environment.trainer().topic(), partition, ticks.record()),
                        (metadata, failure) ->
                                failure == null ? new Ticked(metadata) : new Failed("writing a tick", failure));
    }
}
