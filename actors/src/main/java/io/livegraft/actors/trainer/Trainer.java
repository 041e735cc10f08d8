package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.RefusalReason;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.supervisor.Supervisor;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains one tenant: runs what {@link TrainerCore} decides, one thing at a time, so the state never runs ahead of what is
 * trained, saved and offered. Starts from the latest checkpoint and offers again what was offered last, because nothing tells
 * whether that was decided before the crash.
 *
 * <p>A forget or a reset is done by reading the log again; then the registry begins a new line of offers, and only then a
 * checkpoint ends it: after a crash in between all of it is done again.
 *
 * <p>While a step trains or a checkpoint is written, entries wait. A version is offered only after the one before it was
 * decided. A failed step stops this actor; its partition starts it again, and stops it where it has nothing left to do.
 *
 * <p>Long because every thing it waits for has a message and a way on from there; what is to be done is the core's to decide.
 */
public final class Trainer extends AbstractBehavior<Trainer.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);
    private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(10);

    public sealed interface Command {}

    /** In the order of the log, after those of earlier messages. */
    public record Entries(List<LogEntry> entries) implements Command {}

    private record Trained(DeviceScheduler.WorkReply<StepResult> reply) implements Command {}

    private record Saved(TrainerState state, boolean offer) implements Command {}

    private record SaveFailed(Throwable cause) implements Command {}

    private record Decided(Supervisor.OfferReply decision) implements Command {}

    /** Of the assignment of the partition; until it is known nothing is offered. */
    private record EpochKnown(long epoch) implements Command {}

    private record EpochUnknown(Throwable cause) implements Command {}

    /** @param remade empty where there was nothing to forget */
    private record Reread(Optional<Remade> remade) implements Command {}

    private record RereadFailed(Throwable cause) implements Command {}

    private record LineAnswered(AdapterRegistry.Reply reply) implements Command {}

    private record LineUnanswered(Throwable cause) implements Command {}

    private enum TryAgain implements Command {
        INSTANCE
    }

    /**
     * How far this trainer is, told after everything it does.
     *
     * @param life which of the tenant's trainers this is
     * @param taken entries that no longer wait
     * @param offset last offset that is part of the state
     * @param savedThrough every entry up to it is in a checkpoint
     * @param settled all that was taken is in a checkpoint, and what was offered is decided
     * @param tickDueMillis log time at which a tick would do something
     * @param lineOffset of the forget or reset that the state's line began with; 0 for the first line
     */
    public record Progress(
            String tenant,
            long life,
            int partition,
            long taken,
            long offset,
            long savedThrough,
            boolean settled,
            OptionalLong tickDueMillis,
            long step,
            TrainerCounters counters,
            double lastLoss,
            String checkpointDigest,
            long lineOffset) {
        /** Whether nothing but another event changes anything: a trainer started from the checkpoint goes on the same. */
        public boolean atRest() {
            return settled && tickDueMillis.isEmpty();
        }
    }

    /** What every trainer needs. */
    public record Environment(
            TrainingBasis basis,
            String baseName,
            CheckpointStore checkpoints,
            ArtifactStore artifacts,
            ActorRef<DeviceScheduler.Command> device,
            ActorRef<Supervisor.Command> supervisor,
            ActorRef<RegistryGuardian.Command> registry,
            TenantLog log,
            Metrics metrics) {
        public TrainerSettings settings() {
            return basis.settings();
        }

        public String topic() {
            return basis.topic();
        }
    }

    private final TimerScheduler<Command> timers;
    private final Environment environment;
    private final String tenant;
    private final long life;
    private final int partition;
    private final ActorRef<Progress> progress;
    private final StepPlans plans;
    private final StateStore store;
    private final ActorRef<DeviceScheduler.WorkReply<StepResult>> trained;
    private final ActorRef<Supervisor.OfferReply> decided;
    private final Executor blocking;
    private final Executor writing;
    private final ArrayDeque<LogEntry> entries = new ArrayDeque<>();
    private final AtomicBoolean stopped = new AtomicBoolean();
    /** The line of which nothing that it forgets is left. */
    private final AtomicReference<Line> dropped = new AtomicReference<>(Line.FIRST);

    private TrainerState state;
    private long taken;
    private boolean offerUndecided = true;
    private long epoch;
    /** What is being trained or saved now; entries wait meanwhile. */
    private Optional<TrainerCore.Outcome> current = Optional.empty();

    /** What the log read again came to, until it is in a checkpoint. */
    private Optional<Remade> remade = Optional.empty();

    private long trainingSinceNanos;

    private Trainer(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Environment environment,
            String tenant,
            long life,
            int partition,
            CompletionStage<Long> epoch,
            Optional<CheckpointStore.Loaded> checkpoint,
            ActorRef<Progress> progress) {
        super(context);
        this.timers = timers;
        this.environment = environment;
        this.tenant = tenant;
        this.life = life;
        this.partition = partition;
        this.progress = progress;
        this.plans = new StepPlans(environment.settings(), tenant);
        this.store = StateStore.of(environment, tenant, partition);
        this.trained = context.messageAdapter(workReply(), Trained::new);
        this.decided = context.messageAdapter(Supervisor.OfferReply.class, Decided::new);
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        this.writing = context.getSystem()
                .dispatchers()
                .lookup(DispatcherSelector.fromConfig("livegraft.trainer.writing.dispatcher"));
        CheckpointCodec codec = new CheckpointCodec(environment.basis());
        this.state = checkpoint.map(codec::decode).orElseGet(() -> codec.initial(tenant));
        checkpoint
                .filter(loaded -> codec.otherConfiguration(loaded.checkpoint()))
                .ifPresent(loaded -> LOG.warn(
                        "{} goes on from step {} with other settings or another numeric profile than it was trained with",
                        tenant,
                        state.core().steps()));
        dropForgotten();
        context.pipeToSelf(
                epoch, (known, failure) -> failure == null ? new EpochKnown(known) : new EpochUnknown(failure));
        tellProgress();
    }

    /**
     * A tenant's trainer, at the state of its latest checkpoint.
     *
     * @param life comes back with every progress, to tell this trainer from earlier ones of the same tenant
     * @param epoch of the assignment of its partition to this node
     */
    public static Behavior<Command> create(
            Environment environment,
            String tenant,
            long life,
            int partition,
            CompletionStage<Long> epoch,
            Optional<CheckpointStore.Loaded> checkpoint,
            ActorRef<Progress> progress) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new Trainer(context, timers, environment, tenant, life, partition, epoch, checkpoint, progress)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(PostStop.class, signal -> {
                    stopped.set(true);
                    return this;
                })
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Entries more -> onEntries(more.entries());
            case Trained result -> onTrained(result.reply());
            case Saved saved -> onSaved(saved);
            case SaveFailed failed -> onSaveFailed(failed.cause());
            case Decided decision -> onDecided(decision.decision());
            case Reread reread -> onReread(reread.remade());
            case RereadFailed failed -> onRereadFailed(failed.cause());
            case LineAnswered answered -> onLineAnswered(answered.reply());
            case LineUnanswered unanswered -> onLineUnanswered(unanswered.cause());
            case EpochKnown known -> onEpochKnown(known.epoch());
            case EpochUnknown unknown ->
                throw new IllegalStateException(
                        "the epoch of partition %d is not known".formatted(partition), unknown.cause());
            case TryAgain again -> run(current.orElseThrow());
        }
        return this;
    }

    /** Whoever had the partition before can't offer from here on. */
    private void onEpochKnown(long known) {
        epoch = known;
        environment.registry().tell(new RegistryGuardian.Register(tenant, epoch));
        offerUndecided = false;
        state.lastOffer().ifPresent(this::offer);
        takeEntries();
    }

    private void onEntries(List<LogEntry> more) {
        entries.addAll(more);
        takeEntries();
    }

    /** Takes waiting entries until one of them needs the device, the disk or the decision on an earlier offer. */
    private void takeEntries() {
        while (current.isEmpty() && !entries.isEmpty()) {
            LogEntry entry = entries.getFirst();
            TrainerCore.Outcome outcome = state.core().on(entry);
            boolean waits = outcome.offer().isPresent() || outcome.remake().isPresent();
            if (waits && offerUndecided) {
                break;
            }
            entries.removeFirst();
            taken++;
            if (outcome.checkpoint()
                    || outcome.closed().isPresent()
                    || outcome.remake().isPresent()) {
                current = Optional.of(outcome);
                run(outcome);
            } else {
                state = state.with(outcome.next());
            }
        }
        tellProgress();
    }

    /** Also after a pause, for what could not be done the first time. */
    private void run(TrainerCore.Outcome outcome) {
        if (remade.isPresent()) {
            beginLine(remade.get());
        } else if (outcome.remake().isPresent()) {
            readAgain(outcome.remake().get().cause());
        } else if (outcome.closed().isPresent()
                && state.core().steps() < outcome.next().steps()) {
            trainingSinceNanos = System.nanoTime();
            environment
                    .device()
                    .tell(new DeviceScheduler.Train(
                            plans.plan(state, outcome.closed().get()), trained));
        } else {
            save(state.with(outcome.next()), outcome.offer());
        }
    }

    private void onTrained(DeviceScheduler.WorkReply<StepResult> reply) {
        TrainerCore.Outcome outcome = current.orElseThrow();
        switch (reply) {
            case DeviceScheduler.WorkDone<StepResult> done -> {
                StepResult result = done.result();
                state = state.trained(outcome.next(), result.state(), result.loss());
                environment.metrics().trained(tenant, result.loss(), (System.nanoTime() - trainingSinceNanos) / 1e9);
                if (outcome.checkpoint()) {
                    save(state, outcome.offer());
                } else {
                    goOn();
                }
            }
            case DeviceScheduler.WorkFailed<StepResult> failed -> {
                if (failed.reason().code() != ErrorCode.OVERLOADED) {
                    throw failed.reason();
                }
                tryAgainLater();
            }
        }
    }

    private void readAgain(LogEntry.Control cause) {
        LOG.info("{}: the log is read again for {}", tenant, cause);
        Replay replay = Replay.of(environment, getContext().getSystem(), tenant, partition, stopped::get);
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> Remade.read(replay, cause), blocking),
                        (done, failure) -> failure == null ? new Reread(done) : new RereadFailed(failure));
    }

    private void onReread(Optional<Remade> done) {
        remade = done;
        if (done.isPresent()) {
            beginLine(done.get());
        } else {
            long passed = current.orElseThrow().remake().orElseThrow().throughOffset();
            save(state.with(state.core().passed(passed)), Optional.empty());
        }
    }

    private void onRereadFailed(Throwable cause) {
        LOG.error("the log of {} can't be read again; trying again", tenant, cause);
        tryAgainLater();
    }

    private void beginLine(Remade done) {
        getContext()
                .ask(
                        AdapterRegistry.Reply.class,
                        environment.registry(),
                        REGISTRY_PATIENCE,
                        replyTo -> new RegistryGuardian.ForTenant(tenant, done.beginLine(epoch, replyTo)),
                        (reply, failure) -> failure == null ? new LineAnswered(reply) : new LineUnanswered(failure));
    }

    private void onLineAnswered(AdapterRegistry.Reply reply) {
        if (reply instanceof AdapterRegistry.Refused refused && refused.reason() == RefusalReason.EPOCH_STALE) {
            throw new FencedException(refused.message());
        }
        if (!(reply instanceof AdapterRegistry.Done)) {
            throw new IllegalStateException("the registry answered %s to a new line of %s".formatted(reply, tenant));
        }
        Remade done = remade.orElseThrow();
        TrainerState next = state.remade(done.again(), done.line());
        boolean offered = done.line().forgets() && next.core().steps() > 0;
        save(next, offered ? Optional.of(new TrainerCore.Offer(List.of())) : Optional.empty());
    }

    private void onLineUnanswered(Throwable cause) {
        LOG.warn("the registry did not begin a new line of {}; trying again", tenant, cause);
        tryAgainLater();
    }

    /** Again after a start, as the process may have ended before it was done, and after each checkpoint until it is. */
    private void dropForgotten() {
        TrainerState kept = state;
        if (!kept.line().equals(dropped.get())) {
            writing.execute(() -> {
                try {
                    store.dropForgotten(kept);
                    dropped.set(kept.line());
                } catch (IOException | LivegraftException e) {
                    LOG.warn("not all that {} forgets is deleted; the next checkpoint tries again", tenant, e);
                }
            });
        }
    }

    private void save(TrainerState next, Optional<TrainerCore.Offer> offer) {
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> stored(next, offer), writing),
                        (saved, failure) ->
                                failure == null ? new Saved(saved, offer.isPresent()) : new SaveFailed(failure));
    }

    private TrainerState stored(TrainerState next, Optional<TrainerCore.Offer> offer) {
        try {
            return offer.isPresent() ? store.save(next, offer.get()) : store.save(next);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void onSaved(Saved saved) {
        state = saved.state();
        remade = Optional.empty();
        dropForgotten();
        if (saved.offer()) {
            state.lastOffer().ifPresent(this::offer);
        }
        goOn();
    }

    private void onSaveFailed(Throwable cause) {
        LOG.warn(
                "the checkpoint of {} at step {} can't be written; trying again",
                tenant,
                state.core().steps(),
                cause);
        tryAgainLater();
    }

    private void tryAgainLater() {
        timers.startSingleTimer(TryAgain.INSTANCE, environment.settings().retry());
    }

    private void offer(PublishManifest manifest) {
        boolean sameState = manifest.getOffset() == state.savedThrough();
        PublishManifest.Builder complete = manifest.toBuilder().setEpoch(epoch);
        if (sameState) {
            complete.setCheckpointDigest(state.checkpointDigest());
        }
        offerUndecided = true;
        environment
                .supervisor()
                .tell(new Supervisor.Offer(
                        complete.build(),
                        state.core().heldOut(),
                        state.core().settings().loss().loss(),
                        decided));
    }

    private void onDecided(Supervisor.OfferReply decision) {
        switch (decision) {
            case Supervisor.OfferDecided decided -> {
                offerUndecided = false;
                LOG.debug("the offer {} of {} is decided", decided.adapterDigest(), tenant);
                takeEntries();
            }
            case Supervisor.OfferFenced fenced -> throw new FencedException(fenced.reason());
        }
    }

    private void goOn() {
        current = Optional.empty();
        takeEntries();
    }

    private void tellProgress() {
        progress.tell(new Progress(
                tenant,
                life,
                partition,
                taken,
                state.core().offset(),
                state.savedThrough(),
                state.settled() && current.isEmpty() && !offerUndecided,
                state.core().tickDueMillis(),
                state.core().steps(),
                state.core().counters(),
                state.lastLoss().orElse(Double.NaN),
                state.checkpointDigest(),
                state.line().offset()));
    }

    @SuppressWarnings(
            "unchecked") // a class literal can't name type arguments; the device answers with the type asked for
    private static Class<DeviceScheduler.WorkReply<StepResult>> workReply() {
        return (Class<DeviceScheduler.WorkReply<StepResult>>) (Class<?>) DeviceScheduler.WorkReply.class;
    }
}
