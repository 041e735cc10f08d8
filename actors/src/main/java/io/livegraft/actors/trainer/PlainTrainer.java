package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * One tenant's trainer as a plain loop: no actor, no disk, no restart. What a {@link Trainer} must come to, whatever happens
 * to its processes; written apart from it on purpose.
 */
public final class PlainTrainer {
    /**
     * What all tenants share.
     *
     * @param device trains one step to its end
     */
    public record Environment(
            TrainerSettings settings,
            String topic,
            ModelConfig model,
            String baseDigest,
            String configDigest,
            String profile,
            Function<StepPlan, StepResult> device) {}

    /** A version offered at a log offset. */
    public record Offered(long offset, String adapterDigest) {}

    private final Environment environment;
    private final String tenant;
    private final int partition;
    private final CheckpointCodec codec;
    private final StepPlans plans;
    private final List<Offered> offers = new ArrayList<>();
    private TrainerState state;

    public PlainTrainer(Environment environment, String tenant, int partition) {
        this.environment = environment;
        this.tenant = tenant;
        this.partition = partition;
        this.codec = new CheckpointCodec(
                environment.settings().steps(),
                environment.settings().lora(),
                environment.model(),
                environment.baseDigest(),
                environment.configDigest());
        this.plans = new StepPlans(environment.settings(), tenant);
        this.state = codec.initial(tenant);
    }

    /** Returns when all that follows from the entry is done; forgets and resets, which read the log again, are refused. */
    public void take(LogEntry entry) {
        TrainerCore.Outcome outcome = state.core().on(entry);
        if (outcome.remake().isPresent()) {
            throw new IllegalArgumentException(
                    "%s: a plain trainer does not go back, as %s asks".formatted(tenant, entry));
        }
        TrainerState next =
                outcome.closed().map(step -> trained(outcome.next(), step)).orElseGet(() -> state.with(outcome.next()));
        if (outcome.offer().isPresent()) {
            next = next.offering(manifest(next, outcome.offer().get()));
            offers.add(new Offered(
                    next.core().offset(), next.lastOffer().orElseThrow().getAdapterDigest()));
        }
        state = outcome.checkpoint() ? saved(next) : next;
    }

    private TrainerState trained(TrainerCore next, TrainerCore.ClosedStep step) {
        StepResult result = environment.device().apply(plans.plan(state, step));
        return state.trained(next, result.state(), result.loss());
    }

    private PublishManifest manifest(TrainerState next, TrainerCore.Offer offer) {
        return PublishManifest.newBuilder()
                .setTenant(tenant)
                .setBaseDigest(environment.baseDigest())
                .setConfigDigest(environment.configDigest())
                .setAdapterDigest(
                        Digests.sha256(PeftDirectory.safetensors(next.training().adapter())))
                .setParentDigest(
                        next.lastOffer().map(PublishManifest::getAdapterDigest).orElse(""))
                .setStep(next.core().steps())
                .setTopic(environment.topic())
                .setPartition(partition)
                .setOffset(next.core().offset())
                .setLineOffset(next.line().offset())
                .addAllEventTimeMillis(offer.eventTimes())
                .setCounters(CheckpointCodec.counters(next.core().counters()))
                .setSeed(TrainerCore.seed(environment.settings().steps(), tenant))
                .setProfile(environment.profile())
                .build();
    }

    private TrainerState saved(TrainerState next) {
        byte[] checkpoint =
                codec.encode(tenant, environment.topic(), partition, next).toByteArray();
        return next.saved(Digests.sha256(checkpoint));
    }

    public String tenant() {
        return tenant;
    }

    /** Of the feedback topic. */
    public int partition() {
        return partition;
    }

    /** Of the last checkpoint; empty before the first. */
    public String checkpointDigest() {
        return state.checkpointDigest();
    }

    /** The log offset in it; −1 before the first. */
    public long savedThrough() {
        return state.savedThrough();
    }

    /** All of them, oldest first. */
    public List<Offered> offers() {
        return List.copyOf(offers);
    }
}
