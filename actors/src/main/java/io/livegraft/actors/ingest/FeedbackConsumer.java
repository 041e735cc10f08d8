package io.livegraft.actors.ingest;

import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.trainer.Trainer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
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
 * This node's member of the consumer group: one {@link FeedbackPartition} for each partition assigned, gone before the
 * partition is another node's. Whatever fails below, reading starts again from the committed low-water marks.
 */
public final class FeedbackConsumer extends AbstractBehavior<FeedbackConsumer.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(FeedbackConsumer.class);
    private static final Duration ASK = Duration.ofSeconds(5);

    public sealed interface Command {}

    /** The latest progress of each trainer that is awake on this node. */
    public record GetProgress(ActorRef<ProgressReport> replyTo) implements Command {}

    public record ProgressReport(List<Trainer.Progress> trainers) {}

    /** Whether this node is a member of the group; with more nodes than partitions some members read nothing. */
    public record GetReading(ActorRef<Boolean> replyTo) implements Command {}

    /** Stops reading; {@code replyTo} is told when nothing is read any more. */
    public record Stop(ActorRef<Done> replyTo) implements Command {}

    private record Assigned(Set<Integer> partitions) implements Command {}

    private record Read(LogReader.Batch batch) implements Command {}

    private record Revoked(Set<Integer> partitions, CompletableFuture<Done> done) implements Command {}

    private record Ended(Optional<Throwable> failure) implements Command {}

    private enum Start implements Command {
        INSTANCE
    }

    /**
     * What the consumer needs besides its partitions' needs.
     *
     * @param nodeId stays the same over restarts
     * @param archive where everything that is read is kept; empty where it is not
     */
    public record Environment(
            IngestSettings settings,
            String bootstrapServers,
            String nodeId,
            String deadLetterTopic,
            LogEntries entries,
            LogWriter writer,
            Optional<FeedbackArchive> archive,
            Trainer.Environment trainer,
            Clock clock,
            Metrics metrics) {}

    /** Partitions that are being stopped, and whom to tell when all are. */
    private record Leaving(Set<ActorRef<FeedbackPartition.Command>> readers, CompletableFuture<Done> done) {}

    private final TimerScheduler<Command> timers;
    private final Environment environment;
    private final FeedbackPartition.Environment partitionEnvironment;
    private final Map<Integer, ActorRef<FeedbackPartition.Command>> partitions = new HashMap<>();
    private final List<Leaving> leaving = new ArrayList<>();
    private Optional<LogReader> reader = Optional.empty();
    private Optional<ActorRef<Done>> stopping = Optional.empty();
    private long spawned;
    private boolean member;

    private FeedbackConsumer(ActorContext<Command> context, TimerScheduler<Command> timers, Environment environment) {
        super(context);
        this.timers = timers;
        this.environment = environment;
        this.partitionEnvironment = new FeedbackPartition.Environment(
                environment.settings(),
                environment.deadLetterTopic(),
                environment.entries(),
                environment.writer(),
                environment.archive(),
                environment.trainer(),
                environment.clock(),
                environment.metrics());
        start();
    }

    public static Behavior<Command> create(Environment environment) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new FeedbackConsumer(context, timers, environment)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(ChildFailed.class, signal -> onPartitionFailed(signal))
                .onSignal(Terminated.class, signal -> onPartitionStopped(signal.getRef()))
                .onSignal(PreRestart.class, signal -> onGone())
                .onSignal(PostStop.class, signal -> onGone())
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case GetProgress get -> onGetProgress(get.replyTo());
            case GetReading get -> get.replyTo().tell(member);
            case Assigned assigned -> onAssigned(assigned.partitions());
            case Read read ->
                Optional.ofNullable(partitions.get(read.batch().partition()))
                        .ifPresent(partition -> partition.tell(new FeedbackPartition.Read(read.batch())));
            case Revoked revoked -> stopPartitions(revoked.partitions(), revoked.done());
            case Start start -> start();
            case Stop stop -> {
                stopping = Optional.of(stop.replyTo());
                reader.ifPresent(LogReader::stop);
                return stoppedIfDone();
            }
            case Ended ended -> {
                return onEnded(ended.failure());
            }
        }
        return this;
    }

    private void start() {
        reader = Optional.of(LogReader.start(
                environment.settings(),
                environment.bootstrapServers(),
                environment.nodeId(),
                environment.trainer().topic(),
                new Listener(getContext().getSelf(), environment.metrics())));
    }

    private void onAssigned(Set<Integer> assigned) {
        member = true;
        assigned.forEach(this::spawn);
    }

    private void spawn(int partition) {
        LOG.info("partition {} is read", partition);
        ActorRef<FeedbackPartition.Command> actor = getContext()
                .spawn(
                        FeedbackPartition.create(partitionEnvironment, partition, reader.orElseThrow()),
                        "partition-%d-%d".formatted(partition, ++spawned));
        getContext().watch(actor);
        partitions.put(partition, actor);
    }

    private void stopPartitions(Collection<Integer> numbers, CompletableFuture<Done> done) {
        Set<ActorRef<FeedbackPartition.Command>> actors = new HashSet<>();
        for (int number : numbers) {
            Optional.ofNullable(partitions.remove(number)).ifPresent(actor -> {
                LOG.info("partition {} is no longer read", number);
                actor.tell(FeedbackPartition.Stop.INSTANCE);
                actors.add(actor);
            });
            environment.metrics().partitionGone(number);
        }
        leaving.add(new Leaving(actors, done));
        tellWhoHasLeft();
    }

    private Behavior<Command> onPartitionStopped(ActorRef<?> stopped) {
        leaving.forEach(each -> each.readers().removeIf(stopped::equals));
        tellWhoHasLeft();
        return this;
    }

    private void tellWhoHasLeft() {
        List<Leaving> left =
                leaving.stream().filter(each -> each.readers().isEmpty()).toList();
        left.forEach(each -> each.done().complete(Done.getInstance()));
        leaving.removeAll(left);
    }

    /** All is read again: the reader leaves, which stops the partitions, and starts again after a pause. */
    private Behavior<Command> onPartitionFailed(ChildFailed signal) {
        LOG.warn("reading {} has failed", signal.getRef().path().name(), signal.cause());
        ActorRef<?> failed = signal.getRef();
        partitions.values().removeIf(failed::equals);
        reader.ifPresent(LogReader::stop);
        return onPartitionStopped(failed);
    }

    private Behavior<Command> onEnded(Optional<Throwable> failure) {
        reader = Optional.empty();
        member = false;
        stopPartitions(List.copyOf(partitions.keySet()), new CompletableFuture<>());
        if (stopping.isEmpty()) {
            LOG.warn(
                    "reading the feedback topic has ended; starting again in {}",
                    environment.settings().restart(),
                    failure.orElse(null));
            timers.startSingleTimer(Start.INSTANCE, environment.settings().restart());
        }
        return stoppedIfDone();
    }

    private Behavior<Command> stoppedIfDone() {
        if (stopping.isEmpty() || reader.isPresent()) {
            return this;
        }
        stopping.get().tell(Done.getInstance());
        return Behaviors.stopped();
    }

    private Behavior<Command> onGone() {
        reader.ifPresent(LogReader::stop);
        leaving.forEach(each -> each.done().complete(Done.getInstance()));
        return this;
    }

    private void onGetProgress(ActorRef<ProgressReport> replyTo) {
        List<CompletableFuture<List<Trainer.Progress>>> answers =
                partitions.values().stream().map(this::progress).toList();
        CompletionStage<List<Trainer.Progress>> all = CompletableFuture.allOf(
                        answers.toArray(CompletableFuture<?>[]::new))
                .thenApply(done ->
                        answers.stream().flatMap(each -> each.join().stream()).toList());
        all.thenAccept(trainers -> replyTo.tell(new ProgressReport(trainers)));
    }

    private CompletableFuture<List<Trainer.Progress>> progress(ActorRef<FeedbackPartition.Command> partition) {
        return AskPattern.<FeedbackPartition.Command, List<Trainer.Progress>>ask(
                        partition,
                        FeedbackPartition.GetProgress::new,
                        ASK,
                        getContext().getSystem().scheduler())
                .exceptionally(gone -> List.of())
                .toCompletableFuture();
    }

    /** Called on the reader's thread. */
    private record Listener(ActorRef<Command> self, Metrics metrics) implements LogReader.Listener {
        @Override
        public void assigned(Set<Integer> partitions) {
            self.tell(new Assigned(partitions));
        }

        @Override
        public void read(LogReader.Batch batch) {
            self.tell(new Read(batch));
        }

        @Override
        public Future<?> revoked(Set<Integer> partitions) {
            CompletableFuture<Done> done = new CompletableFuture<>();
            self.tell(new Revoked(partitions, done));
            return done;
        }

        @Override
        public void ended(Optional<Throwable> failure) {
            self.tell(new Ended(failure));
        }

        @Override
        public void lag(int partition, long records) {
            metrics.lag(partition, (double) records);
        }
    }
}
