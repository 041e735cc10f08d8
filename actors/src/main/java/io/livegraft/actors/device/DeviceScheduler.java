package io.livegraft.actors.device;

import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.TrainingShare;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.CacheKey;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * The only user of the engine while the node runs; lives on a thread of its own.
 *
 * <p>One turn is one pass over the base for the answers that {@link Generations} has; then adapters that are wanted come up, for no
 * longer; then, in its share of the time, one slice of training or of evaluation, which take turns. Where no answers are made adapters
 * come before slices. Each turn is a message to itself, so that new requests get in between. A slice's length bounds how long an
 * answer's next token waits.
 */
public final class DeviceScheduler extends AbstractBehavior<DeviceScheduler.Command> {
    public sealed interface Command {}

    /** Puts an adapter on the device. {@code label} comes back with the reply. */
    public record Stage(String label, LoraAdapter adapter, ActorRef<StageReply> replyTo) implements Command {}

    /** Takes it down again; the sender knows that no generation uses it. */
    public record Release(StagedAdapter adapter) implements Command {}

    /**
     * Asks for answers to one prompt, all made with one adapter or none.
     *
     * @param owner whose computed state they may share
     * @param deadlineNanos on the device's clock: {@link System#nanoTime} where nobody says otherwise
     */
    public record Generate(
            CacheKey owner,
            int[] prompt,
            Optional<StagedAdapter> adapter,
            OptionalLong deadlineNanos,
            List<Choice> choices,
            Asker asker)
            implements Command {
        public Generate {
            choices = List.copyOf(choices);
        }
    }

    /** One of the answers, and where it goes. */
    public record Choice(SamplingSettings sampling, GenerationSink sink) {}

    public record Train(StepPlan plan, ActorRef<WorkReply<StepResult>> replyTo) implements Command {}

    public record Evaluate(
            Optional<LoraAdapter> adapter, List<TrainingExample> examples, ActorRef<WorkReply<List<Double>>> replyTo)
            implements Command {}

    private enum Turn implements Command {
        INSTANCE
    }

    public sealed interface StageReply {
        String label();
    }

    public record Staged(String label, StagedAdapter adapter) implements StageReply {}

    public record NotStaged(String label, LivegraftException reason) implements StageReply {}

    public sealed interface WorkReply<T> {}

    public record WorkDone<T>(T result) implements WorkReply<T> {}

    /** OVERLOADED when too many works wait: trying later may succeed. */
    public record WorkFailed<T>(LivegraftException reason) implements WorkReply<T> {}

    /** An evaluation that answers its sender when it is done. */
    private interface Work {
        boolean advance();
    }

    private final Engine engine;
    private final DeviceSettings settings;
    private final LongSupplier nanoTime;
    private final Metrics metrics;
    private final Generations generations;
    private final TrainingShare share;
    private final StagingQueue stagings;
    private final TrainingQueue training;
    private final ArrayDeque<Work> evaluations = new ArrayDeque<>();
    private boolean trainedLast;
    private boolean turning;

    private DeviceScheduler(
            ActorContext<Command> context,
            Engine engine,
            DeviceSettings settings,
            BatchingSettings batching,
            LongSupplier nanoTime,
            Metrics metrics) {
        super(context);
        this.engine = engine;
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.metrics = metrics;
        this.generations = new Generations(engine, batching, nanoTime, metrics);
        this.share = new TrainingShare(settings.trainingShare());
        this.stagings = new StagingQueue(engine::staging, nanoTime);
        this.training = new TrainingQueue(engine::trainTogether, settings, metrics);
    }

    /** Spawn it with the dispatcher {@code livegraft.device.dispatcher}. */
    public static Behavior<Command> create(
            Engine engine, DeviceSettings settings, BatchingSettings batching, LongSupplier nanoTime, Metrics metrics) {
        return Behaviors.setup(context -> new DeviceScheduler(context, engine, settings, batching, nanoTime, metrics));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onSignal(PostStop.class, signal -> onStop())
                .onAnyMessage(this::onCommand)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Stage stage -> onStage(stage);
            case Release release -> release.adapter().close();
            case Generate generate -> onGenerate(generate);
            case Train train -> onTrain(train);
            case Evaluate evaluate -> onEvaluate(evaluate);
            case Turn turn -> onTurn();
        }
        metrics.worksWaiting(works());
        metrics.requestsRunning(generations.running());
        metrics.requestsWaiting(generations.waiting());
        return this;
    }

    private void onStage(Stage stage) {
        stagings.add(stage);
        turn();
    }

    private void onGenerate(Generate generate) {
        generations.ask(generate);
        turn();
    }

    private void onTrain(Train train) {
        if (works() >= settings.waitingWorks()) {
            train.replyTo().tell(overloaded());
            return;
        }
        training.add(train);
        turn();
    }

    private void onEvaluate(Evaluate evaluate) {
        if (works() >= settings.waitingWorks()) {
            evaluate.replyTo().tell(overloaded());
            return;
        }
        try {
            evaluations.add(work(engine.score(evaluate.adapter(), evaluate.examples()), evaluate.replyTo()));
            turn();
        } catch (RuntimeException e) {
            evaluate.replyTo().tell(new WorkFailed<>(failure("starting an evaluation", e)));
        }
    }

    private int works() {
        return training.size() + evaluations.size();
    }

    private <T> WorkFailed<T> overloaded() {
        return new WorkFailed<>(new LivegraftException(
                ErrorCode.OVERLOADED, "%d works wait for the device already".formatted(works())));
    }

    private static <T> Work work(SlicedWork<T> work, ActorRef<WorkReply<T>> replyTo) {
        return () -> {
            try {
                boolean done = work.advance();
                if (done) {
                    replyTo.tell(new WorkDone<>(work.result()));
                }
                return done;
            } catch (RuntimeException e) {
                replyTo.tell(new WorkFailed<>(failure("an evaluation", e)));
                return true;
            }
        };
    }

    private void onTurn() {
        turning = false;
        long begun = nanoTime.getAsLong();
        boolean served = generations.turn();
        long servedNanos = nanoTime.getAsLong() - begun;
        if (served) {
            share.served(servedNanos);
            stagings.advance(servedNanos);
        } else {
            stagings.advance();
        }
        if (works() > 0 && (served ? share.open() : stagings.isEmpty())) {
            long between = nanoTime.getAsLong();
            advanceWorks();
            if (served) {
                share.trained(nanoTime.getAsLong() - between);
            }
        }
        if (!generations.isEmpty() || !stagings.isEmpty() || works() > 0) {
            turn();
        }
    }

    private void advanceWorks() {
        if (!training.isEmpty() && (evaluations.isEmpty() || !trainedLast)) {
            trainedLast = true;
            training.advance();
            return;
        }
        trainedLast = false;
        Work evaluation = evaluations.poll();
        if (evaluation != null && !evaluation.advance()) {
            evaluations.add(evaluation);
        }
    }

    private void turn() {
        if (!turning) {
            turning = true;
            getContext().getSelf().tell(Turn.INSTANCE);
        }
    }

    private Behavior<Command> onStop() {
        generations.failAll(new LivegraftException(ErrorCode.UNAVAILABLE, "the node is stopping"));
        return this;
    }

    static LivegraftException failure(String what, RuntimeException cause) {
        return cause instanceof LivegraftException refusal
                ? refusal
                : new LivegraftException(ErrorCode.UNAVAILABLE, "%s failed: %s".formatted(what, cause), cause);
    }
}
