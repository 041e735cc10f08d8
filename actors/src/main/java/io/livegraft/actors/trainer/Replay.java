package io.livegraft.actors.trainer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * Makes a tenant's state after any offset from its log alone, one entry after the other. Trainers do it for forgets and resets,
 * and whoever checks a version does the same.
 */
public final class Replay {
    /** Where steps are trained. */
    @FunctionalInterface
    interface Training {
        /** Blocks until the step is done. */
        StepResult train(StepPlan plan);
    }

    /**
     * What a version made anew is.
     *
     * @param adapterDigest SHA-256 of its adapter_model.safetensors
     * @param events that had a part in it
     */
    public record Rebuilt(String adapterDigest, long steps, long events) {}

    /**
     * @param state without a place in any chain of checkpoints and offers
     * @param events that had a part in it
     */
    record Result(TrainerState state, long events) {}

    private final TenantLog log;
    private final Training training;
    private final StepPlans plans;
    private final TrainerState initial;
    private final String tenant;
    private final int partition;
    private final BooleanSupplier cancelled;

    /**
     * @param initial the tenant's state before its first event
     * @param cancelled asked between entries; true ends the replay with UNAVAILABLE
     */
    Replay(
            TenantLog log,
            Training training,
            StepPlans plans,
            TrainerState initial,
            String tenant,
            int partition,
            BooleanSupplier cancelled) {
        this.log = log;
        this.training = training;
        this.plans = plans;
        this.initial = initial;
        this.tenant = tenant;
        this.partition = partition;
        this.cancelled = cancelled;
    }

    /** On a node: its log, its device, the base and settings it has now. */
    public static Replay of(
            Trainer.Environment environment,
            ActorSystem<?> system,
            String tenant,
            int partition,
            BooleanSupplier cancelled) {
        return new Replay(
                environment.log(),
                new DeviceTraining(
                        system, environment.device(), environment.settings().retry()),
                new StepPlans(environment.settings(), tenant),
                new CheckpointCodec(environment.basis()).initial(tenant),
                tenant,
                partition,
                cancelled);
    }

    /** As {@link #through}; what is the same of it for everybody. */
    public Rebuilt rebuilt(long offset, Set<String> without) {
        Result result = through(offset, without);
        return new Rebuilt(result.state().adapterDigest(), result.state().core().steps(), result.events());
    }

    /** The first event that a forget leaves out; empty where it changes nothing. */
    OptionalLong firstForgotten(LogEntry.Forget forget) {
        OptionalLong removed = log.firstRemoved(tenant, partition, forget.offset());
        if (removed.isPresent()) {
            return removed;
        }
        ReplayScan scan = new ReplayScan();
        read(forget.offset() - 1, scan::take);
        return scan.firstEvent(forget.subject());
    }

    /** @param without subjects to leave out besides those that the log forgets */
    Result through(long offset, Set<String> without) {
        ReplayScan scan = new ReplayScan();
        read(offset, scan::take);
        Fold fold = new Fold(scan.selection(offset, without));
        read(offset, fold::take);
        return new Result(fold.state, fold.events);
    }

    private void read(long through, Consumer<LogEntry> taker) {
        log.read(tenant, partition, 0, through, entry -> {
            if (cancelled.getAsBoolean()) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE, "reading the log of %s again was ended".formatted(tenant));
            }
            taker.accept(entry);
        });
    }

    /** The second reading. */
    private final class Fold {
        private final Selection selection;
        private TrainerState state = initial;
        private long events;

        private Fold(Selection selection) {
            this.selection = selection;
        }

        private void take(LogEntry entry) {
            TrainerCore.Outcome outcome = state.core().again(entry, selection);
            if (entry instanceof LogEntry.Feedback && selection.part(entry) == Selection.Part.TAKEN) {
                events++;
            }
            state = outcome.closed()
                    .map(closed -> {
                        StepResult result = training.train(plans.plan(state, closed));
                        return state.trained(outcome.next(), result.state(), result.loss());
                    })
                    .orElseGet(() -> state.with(outcome.next()));
        }
    }
}
