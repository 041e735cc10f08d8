package io.livegraft.actors.ingest;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.trainer.Trainer;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
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
import org.apache.pekko.kafka.CommitterSettings;
import org.apache.pekko.kafka.ConsumerMessage.Committable;
import org.apache.pekko.kafka.ConsumerMessage.CommittableMessage;
import org.apache.pekko.kafka.ConsumerSettings;
import org.apache.pekko.kafka.Subscriptions;
import org.apache.pekko.kafka.javadsl.Committer;
import org.apache.pekko.kafka.javadsl.Consumer;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's member of the consumer group: one {@link FeedbackPartition} for each partition assigned. Whatever fails below,
 * reading starts again from the committed low-water marks and the checkpoints on disk; a partition whose newest checkpoint
 * could not be used is read from the one before it.
 */
public final class FeedbackConsumer extends AbstractBehavior<FeedbackConsumer.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(FeedbackConsumer.class);
    private static final String SESSION_TIMEOUT_MILLIS = "15000";
    private static final Duration ASK = Duration.ofSeconds(10);

    public sealed interface Command {}

    /** The latest progress of each tenant's trainer, and whether the feedback topic is being read. */
    public record GetProgress(ActorRef<ProgressReport> replyTo) implements Command {}

    public record ProgressReport(List<Trainer.Progress> trainers, boolean reading) {}

    /** Stops reading; {@code replyTo} is told when nothing is read any more. */
    public record Stop(ActorRef<Done> replyTo) implements Command {}

    private record Assigned(int partition, ActorRef<ActorRef<FeedbackPartition.Command>> replyTo) implements Command {}

    private record Loaded(Assigned assigned, Map<String, CheckpointStore.Loaded> checkpoints) implements Command {}

    private record Ended(Optional<Throwable> failure) implements Command {}

    private record Told(Trainer.Progress progress) implements Command {}

    private record Stopped(ActorRef<Done> replyTo) implements Command {}

    private enum Start implements Command {
        INSTANCE
    }

    private enum MeasureLag implements Command {
        INSTANCE
    }

    /**
     * What the consumer needs besides its partitions' needs.
     *
     * @param nodeId stays the same over restarts
     */
    public record Environment(
            IngestSettings settings,
            String bootstrapServers,
            String nodeId,
            String deadLetterTopic,
            int inFlightPartitions,
            FeedbackExamples examples,
            LogWriter writer,
            Trainer.Environment trainer,
            Clock clock,
            Metrics metrics) {}

    /** One run of the stream, from its start to its end or failure. */
    private record Run(
            Consumer.Control control, SharedKillSwitch killSwitch, BoundedSourceQueue<Committable> commits) {}

    private final ActorRef<Command> self;
    private final ActorSystem<?> system;
    private final TimerScheduler<Command> timers;
    private final Environment environment;
    private final FeedbackPartition.Environment partitionEnvironment;
    private final Map<String, Trainer.Progress> progress = new TreeMap<>();
    private final Map<Integer, ActorRef<FeedbackPartition.Command>> partitions = new HashMap<>();
    private final StartOffsets offsets;
    private final Executor blocking;
    private Optional<Run> run = Optional.empty();
    private long spawned;
    private boolean stopping;

    private FeedbackConsumer(ActorContext<Command> context, TimerScheduler<Command> timers, Environment environment) {
        super(context);
        this.self = context.getSelf();
        this.system = context.getSystem();
        this.timers = timers;
        this.environment = environment;
        this.partitionEnvironment = new FeedbackPartition.Environment(
                environment.settings(),
                environment.deadLetterTopic(),
                new FeedbackDecoder(
                        environment.settings().recordBytes(),
                        environment.settings().messages()),
                environment.examples(),
                environment.writer(),
                environment.trainer(),
                context.messageAdapter(Trainer.Progress.class, Told::new),
                environment.clock(),
                environment.metrics());
        timers.startTimerWithFixedDelay(MeasureLag.INSTANCE, Duration.ofSeconds(2));
        this.offsets = new StartOffsets(
                environment.bootstrapServers(),
                environment.settings().consumerGroup(),
                environment.trainer().checkpoints());
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        start();
    }

    public static Behavior<Command> create(Environment environment) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new FeedbackConsumer(context, timers, environment)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(ChildFailed.class, this::onPartitionFailed)
                .onSignal(Terminated.class, signal -> this)
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case GetProgress get ->
                get.replyTo().tell(new ProgressReport(List.copyOf(progress.values()), !partitions.isEmpty()));
            case Told told -> progress.put(told.progress().tenant(), told.progress());
            case Loaded loaded -> onLoaded(loaded);
            case Assigned assigned -> onAssigned(assigned);
            case Ended ended -> onEnded(ended.failure());
            case Start start -> start();
            case MeasureLag lag -> onMeasureLag();
            case Stop stop -> onStop(stop.replyTo());
            case Stopped stopped -> {
                stopped.replyTo().tell(Done.getInstance());
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void start() {
        if (stopping) {
            return;
        }
        SharedKillSwitch killSwitch = KillSwitches.shared("feedback");
        BoundedSourceQueue<Committable> commits = Source.<Committable>queue(64)
                .toMat(
                        Committer.sink(CommitterSettings.create(getContext().getSystem())
                                .withMaxBatch(1)),
                        Keep.left())
                .run(getContext().getSystem());
        var stream = Consumer.committablePartitionedManualOffsetSource(
                        consumerSettings(),
                        Subscriptions.topics(environment.trainer().topic()),
                        assigned -> CompletableFuture.supplyAsync(() -> offsets.of(assigned), blocking))
                .mapAsyncUnordered(
                        environment.inFlightPartitions(),
                        pair -> readPartition(pair.first(), pair.second(), killSwitch))
                .via(killSwitch.flow())
                .toMat(Sink.ignore(), Keep.both())
                .run(getContext().getSystem());
        run = Optional.of(new Run(stream.first(), killSwitch, commits));
        getContext().pipeToSelf(stream.second(), (done, failure) -> new Ended(Optional.ofNullable(failure)));
    }

    private ConsumerSettings<byte[], byte[]> consumerSettings() {
        return ConsumerSettings.create(
                        getContext().getSystem(), new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .withBootstrapServers(environment.bootstrapServers())
                .withGroupId(environment.settings().consumerGroup())
                .withProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest")
                // A static member: after kill -9 the next process takes the dead one's place at once.
                .withProperty(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "livegraft-" + environment.nodeId())
                .withProperty(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS)
                // Draining waits for nothing: what is not in a checkpoint is read again.
                .withStopTimeout(Duration.ZERO);
    }

    /** Called on a thread of the stream. */
    private CompletionStage<Done> readPartition(
            TopicPartition partition,
            Source<CommittableMessage<byte[], byte[]>, NotUsed> messages,
            SharedKillSwitch killSwitch) {
        CompletionStage<ActorRef<FeedbackPartition.Command>> spawning =
                AskPattern.ask(self, replyTo -> new Assigned(partition.partition(), replyTo), ASK, system.scheduler());
        return spawning.thenCompose(
                reader -> messages.mapAsync(environment.settings().inFlight(), message -> {
                            CompletableFuture<Done> accepted = new CompletableFuture<>();
                            reader.tell(new FeedbackPartition.Read(message, accepted));
                            return accepted;
                        })
                        .via(killSwitch.flow())
                        .runWith(Sink.ignore(), system)
                        .whenComplete((done, failure) -> reader.tell(FeedbackPartition.Stop.INSTANCE)));
    }

    /** The checkpoints are read after the offset to start from was: they hold at least what lies below it. */
    private void onAssigned(Assigned assigned) {
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                () -> environment.trainer().checkpoints().latest(), blocking),
                        (checkpoints, failure) ->
                                failure == null ? new Loaded(assigned, checkpoints) : new Ended(Optional.of(failure)));
    }

    private void onLoaded(Loaded loaded) {
        if (run.isEmpty()) {
            return; // ended meanwhile: the next run asks again
        }
        int partition = loaded.assigned().partition();
        LOG.info("partition {} is read", partition);
        ActorRef<FeedbackPartition.Command> reader = getContext()
                .spawn(
                        FeedbackPartition.create(
                                partitionEnvironment,
                                partition,
                                loaded.checkpoints(),
                                run.get().commits()),
                        "partition-%d-%d".formatted(partition, ++spawned));
        getContext().watch(reader);
        partitions.put(partition, reader);
        loaded.assigned().replyTo().tell(reader);
    }

    private Behavior<Command> onPartitionFailed(ChildFailed signal) {
        LOG.warn("reading {} has failed: {}", signal.getRef().path().name(), String.valueOf(signal.cause()));
        run.ifPresent(current -> current.killSwitch().abort(signal.cause()));
        return this;
    }

    private void onEnded(Optional<Throwable> failure) {
        partitions.values().forEach(reader -> reader.tell(FeedbackPartition.Stop.INSTANCE));
        partitions.clear();
        run.ifPresent(current -> {
            current.commits().complete();
            current.control().shutdown();
        });
        run = Optional.empty();
        if (!stopping) {
            LOG.warn(
                    "reading the feedback topic has ended; starting again in {}",
                    environment.settings().restart(),
                    failure.orElse(null));
            timers.startSingleTimer(Start.INSTANCE, environment.settings().restart());
        }
    }

    private void onMeasureLag() {
        run.ifPresent(current -> current.control().getMetrics().thenAccept(this::lag));
    }

    /** Called on the consumer's thread. */
    private void lag(Map<MetricName, Metric> metrics) {
        metrics.forEach((name, metric) -> {
            String partition = name.tags().get("partition");
            if (name.name().equals("records-lag") && partition != null && metric.metricValue() instanceof Double lag) {
                environment.metrics().lag(Integer.parseInt(partition), lag.isNaN() ? 0 : lag);
            }
        });
    }

    private void onStop(ActorRef<Done> replyTo) {
        stopping = true;
        CompletionStage<Done> stopped = run.map(current -> {
                    current.killSwitch().shutdown();
                    return current.control().shutdown();
                })
                .orElseGet(() -> CompletableFuture.completedFuture(Done.getInstance()));
        getContext().pipeToSelf(stopped, (done, failure) -> new Stopped(replyTo));
    }
}
