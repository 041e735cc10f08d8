package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * One tenant's trainer as a plain loop: no actor, no disk, no restart; its log is in memory. What a {@link Trainer} must come to, whatever happens
 * to its processes; written apart from it on purpose.
 */
public final class PlainTrainer {
    /** What the registry is told. */
    public sealed interface Told {
        String adapterDigest();
    }

    /** A version offered at a log offset. */
    public record Offered(long offset, String adapterDigest) implements Told {}

    /**
     * What was offered before is over.
     *
     * @param firstForgotten offset of the first event that was left out; versions from there on are dropped, but for those with this
     *     adapter
     */
    public record LineBegun(OptionalLong firstForgotten, String adapterDigest) implements Told {}

    private final TrainingBasis basis;
    private final Function<StepPlan, StepResult> device;
    private final String tenant;
    private final int partition;
    private final CheckpointCodec codec;
    private final StepPlans plans;
    private final OfferManifests manifests;
    private final List<Told> told = new ArrayList<>();
    private final List<LogEntry> log = new ArrayList<>();
    private TrainerState state;

    /**
     * At the beginning of the tenant's log.
     *
     * @param device trains one step to its end
     */
    public PlainTrainer(TrainingBasis basis, Function<StepPlan, StepResult> device, String tenant, int partition) {
        this.basis = basis;
        this.device = device;
        this.tenant = tenant;
        this.partition = partition;
        this.codec = new CheckpointCodec(basis);
        this.plans = new StepPlans(basis.settings(), tenant);
        this.manifests = new OfferManifests(basis, tenant, partition);
        this.state = codec.initial(tenant);
    }

    /** Returns when all that follows from the entry is done. */
    public void take(LogEntry entry) {
        log.add(entry);
        TrainerCore.Outcome outcome = state.core().on(entry);
        state = outcome.remake().isPresent() ? remade(outcome.remake().get().cause()) : taken(outcome);
    }

    private TrainerState taken(TrainerCore.Outcome outcome) {
        TrainerState next =
                outcome.closed().map(step -> trained(outcome.next(), step)).orElseGet(() -> state.with(outcome.next()));
        if (outcome.offer().isPresent()) {
            next = offering(next, outcome.offer().get());
        }
        return outcome.checkpoint() ? saved(next) : next;
    }

    private TrainerState offering(TrainerState next, TrainerCore.Offer offer) {
        String adapter = next.adapterDigest();
        told.add(new Offered(next.core().offset(), adapter));
        return next.offering(manifests.manifest(next, offer, adapter));
    }

    /** From the log so far, which this trainer has in memory. */
    private TrainerState remade(LogEntry.Control cause) {
        Optional<Remade> remade = Remade.read(replay(), cause);
        if (remade.isEmpty()) {
            return saved(state.with(state.core().passed(cause.offset())));
        }
        Line line = remade.get().line();
        TrainerState next = state.remade(remade.get().again(), line);
        told.add(new LineBegun(remade.get().firstForgotten(), next.adapterDigest()));
        boolean offered = line.forgets() && next.core().steps() > 0;
        return saved(offered ? offering(next, new TrainerCore.Offer(List.of())) : next);
    }

    private Replay replay() {
        TenantLog reading = (name, ofPartition, from, through, taker) -> log.stream()
                .filter(entry -> entry.offset() >= from && entry.offset() <= through)
                .forEach(taker);
        return new Replay(reading, device::apply, plans, codec.initial(tenant), tenant, partition, () -> false);
    }

    private TrainerState trained(TrainerCore next, TrainerCore.ClosedStep step) {
        StepResult result = device.apply(plans.plan(state, step));
        return state.trained(next, result.state(), result.loss());
    }

    private TrainerState saved(TrainerState next) {
        byte[] checkpoint = codec.encode(tenant, basis.topic(), partition, next).toByteArray();
        return next.saved(Digests.sha256(checkpoint));
    }

    public String tenant() {
        return tenant;
    }

    /** Of the feedback topic. */
    public int partition() {
        return partition;
    }

    /** Of the adapter as it is now. */
    public String adapterDigest() {
        return state.adapterDigest();
    }

    /** Of the last checkpoint; empty before the first. */
    public String checkpointDigest() {
        return state.checkpointDigest();
    }

    /** The log offset in it; −1 before the first. */
    public long savedThrough() {
        return state.savedThrough();
    }

    /** Everything, in order. */
    public List<Told> told() {
        return List.copyOf(told);
    }

    /** All of them, oldest first. */
    public List<Offered> offers() {
        return told.stream()
                .filter(Offered.class::isInstance)
                .map(Offered.class::cast)
                .toList();
    }
}
