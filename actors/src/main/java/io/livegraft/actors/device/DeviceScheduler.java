package io.livegraft.actors.device;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.engine.Advance;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.Generation;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.training.SlicedWork;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
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
 * <p>One turn is one decode step over all running generations, then one slice of training or of evaluation, which take turns.
 * Each turn is a message to itself, so that new requests get in between. A slice's length bounds how long a decode step waits.
 */
public final class DeviceScheduler extends AbstractBehavior<DeviceScheduler.Command> {
    public sealed interface Command {}

    /** Puts an adapter on the device. {@code label} comes back with the reply. */
    public record Stage(String label, LoraAdapter adapter, ActorRef<StageReply> replyTo) implements Command {}

    /** Takes it down again; the sender knows that no generation uses it. */
    public record Release(StagedAdapter adapter) implements Command {}

    public record Generate(
            int[] prompt, SamplingSettings sampling, Optional<StagedAdapter> adapter, GenerationSink sink)
            implements Command {}

    public record Train(StepPlan plan, ActorRef<WorkReply<StepResult>> replyTo) implements Command {}

    public record Evaluate(
            Optional<LoraAdapter> adapter, List<TrainingExample> examples, ActorRef<WorkReply<Double>> replyTo)
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

    private record Running(Generation generation, GenerationSink sink) {}

    /** An evaluation that answers its sender when it is done. */
    private interface Work {
        boolean advance();
    }

    private final Engine engine;
    private final DeviceSettings settings;
    private final int maxSequences;
    private final Metrics metrics;
    private final ArrayDeque<Generate> waiting = new ArrayDeque<>();
    private final List<Running> running = new ArrayList<>();
    private final TrainingQueue training;
    private final ArrayDeque<Work> evaluations = new ArrayDeque<>();
    private boolean trainedLast;
    private boolean turning;

    private DeviceScheduler(
            ActorContext<Command> context, Engine engine, DeviceSettings settings, int maxSequences, Metrics metrics) {
        super(context);
        this.engine = engine;
        this.settings = settings;
        this.maxSequences = maxSequences;
        this.metrics = metrics;
        this.training = new TrainingQueue(engine::trainTogether, settings, metrics);
    }

    /**
     * Spawn it with the dispatcher {@code livegraft.device.dispatcher}.
     *
     * @param maxSequences generations that run at once
     */
    public static Behavior<Command> create(Engine engine, DeviceSettings settings, int maxSequences, Metrics metrics) {
        return Behaviors.setup(context -> new DeviceScheduler(context, engine, settings, maxSequences, metrics));
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
        metrics.requestsRunning(running.size());
        metrics.requestsWaiting(waiting.size());
        return this;
    }

    private void onStage(Stage stage) {
        try {
            stage.replyTo().tell(new Staged(stage.label(), engine.stage(stage.adapter())));
        } catch (RuntimeException e) {
            stage.replyTo().tell(new NotStaged(stage.label(), failure("staging adapter " + stage.label(), e)));
        }
    }

    private void onGenerate(Generate generate) {
        if (waiting.size() >= settings.waitingRequests()) {
            generate.sink()
                    .onFailure(new LivegraftException(
                            ErrorCode.OVERLOADED,
                            "%d requests wait already; try again later".formatted(waiting.size())));
            return;
        }
        waiting.add(generate);
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
            evaluations.add(work(engine.evaluate(evaluate.adapter(), evaluate.examples()), evaluate.replyTo()));
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
        admitWaiting();
        decode();
        advanceWorks();
        if (!waiting.isEmpty() || !running.isEmpty() || works() > 0) {
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

    private void admitWaiting() {
        while (running.size() < maxSequences && !waiting.isEmpty()) {
            Generate next = waiting.remove();
            if (!next.sink().open()) {
                next.sink().onCancelled();
                continue;
            }
            try {
                running.add(new Running(engine.admit(next.prompt(), next.sampling(), next.adapter()), next.sink()));
            } catch (RuntimeException e) {
                next.sink().onFailure(failure("admitting a request", e));
            }
        }
    }

    private void decode() {
        end(each -> !each.sink().open(), each -> each.sink().onCancelled());
        if (running.isEmpty()) {
            return;
        }
        List<Optional<GenerationDelta>> deltas;
        try {
            deltas = engine.advance(running.stream()
                    .map(each -> Advance.whole(each.generation()))
                    .toList());
        } catch (RuntimeException e) {
            LivegraftException failure = failure("a decode step", e);
            end(each -> true, each -> each.sink().onFailure(failure));
            return;
        }
        for (int i = 0; i < deltas.size(); i++) {
            deltas.get(i).ifPresent(running.get(i).sink()::onDelta);
        }
        end(each -> each.generation().finished(), each -> each.sink().onComplete());
    }

    private void end(Predicate<Running> ended, Consumer<Running> tell) {
        running.removeIf(each -> {
            if (!ended.test(each)) {
                return false;
            }
            each.generation().close();
            tell.accept(each);
            return true;
        });
    }

    private void turn() {
        if (!turning) {
            turning = true;
            getContext().getSelf().tell(Turn.INSTANCE);
        }
    }

    private Behavior<Command> onStop() {
        LivegraftException stopped = new LivegraftException(ErrorCode.UNAVAILABLE, "the node is stopping");
        waiting.forEach(each -> each.sink().onFailure(stopped));
        end(each -> true, each -> each.sink().onFailure(stopped));
        return this;
    }

    static LivegraftException failure(String what, RuntimeException cause) {
        return cause instanceof LivegraftException refusal
                ? refusal
                : new LivegraftException(ErrorCode.UNAVAILABLE, "%s failed: %s".formatted(what, cause), cause);
    }
}
