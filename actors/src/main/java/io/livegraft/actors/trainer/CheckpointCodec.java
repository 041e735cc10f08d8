package io.livegraft.actors.trainer;

import com.google.protobuf.UnsafeByteOperations;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.training.LossStatistics;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.checkpoint.Contribution;
import io.livegraft.proto.checkpoint.Counters;
import io.livegraft.proto.checkpoint.Rewards;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Between a trainer's state and its checkpoint. */
final class CheckpointCodec {
    private final StepSettings steps;
    private final LoraConfig lora;
    private final ModelConfig model;
    private final String baseDigest;
    private final String configDigest;

    CheckpointCodec(TrainingBasis basis) {
        this.steps = basis.settings().steps();
        this.lora = basis.settings().lora();
        this.model = basis.model();
        this.baseDigest = basis.baseDigest();
        this.configDigest = basis.configDigest();
    }

    TrainerState initial(String tenant) {
        LoraAdapter fresh = LoraAdapter.initial(lora, model, TrainerCore.seed(steps, tenant));
        return new TrainerState(
                TrainerCore.initial(steps, tenant),
                TrainingState.initial(fresh),
                OptionalDouble.empty(),
                "",
                -1,
                Optional.empty(),
                Line.FIRST);
    }

    Checkpoint encode(String tenant, String topic, int partition, TrainerState state) {
        TrainerCore core = state.core();
        Checkpoint.Builder checkpoint = Checkpoint.newBuilder()
                .setTenant(tenant)
                .setBaseDigest(baseDigest)
                .setConfigDigest(configDigest)
                .setParentDigest(state.checkpointDigest())
                .setStep(core.steps())
                .setTopic(topic)
                .setPartition(partition)
                .setOffset(core.offset())
                .addAllEventIdWindow(core.window().ids())
                .setAdapter(UnsafeByteOperations.unsafeWrap(
                        PeftDirectory.safetensors(state.training().adapter())))
                .addAllReplay(LessonCodec.encode(core.reservoir()))
                .addAllHeldOut(LessonCodec.encode(core.heldOut()))
                .setRandomState(core.randomState())
                .setCounters(counters(core.counters()))
                .setLabels(labels(core.counters().labels()))
                .addAllEventTimeMillis(core.eventTimes())
                .setStepsSinceOffer(core.stepsSinceOffer())
                .addAllWaiting(LessonCodec.encode(core.waiting()))
                .addAllContributions(contributions(core.contributions()));
        MomentsCodec.encode(state.training().moments(), checkpoint);
        LossStatistics statistics = state.training().statistics();
        if (statistics.examples() > 0) {
            checkpoint.setRewards(
                    Rewards.newBuilder().setMean(statistics.meanReward()).setExamples(statistics.examples()));
        }
        checkpoint.setDivergence(statistics.divergence());
        state.lastOffer().ifPresent(checkpoint::setLastOffer);
        state.lastLoss().ifPresent(checkpoint::setLastLoss);
        core.offerDeadlineMillis().ifPresent(checkpoint::setOfferDeadlineMillis);
        core.deadlineMillis().ifPresent(checkpoint::setDeadlineMillis);
        if (!core.configured().equals(Configured.NOTHING)) {
            checkpoint.setConfigured(core.configured().values());
        }
        if (!state.line().equals(Line.FIRST)) {
            checkpoint.setLine(io.livegraft.proto.checkpoint.Line.newBuilder()
                    .setOffset(state.line().offset())
                    .setForgets(state.line().forgets()));
        }
        return checkpoint.build();
    }

    /** Refuses with INVALID_CONFIGURATION what was trained on another base. */
    TrainerState decode(CheckpointStore.Loaded loaded) {
        Checkpoint checkpoint = loaded.checkpoint();
        if (!checkpoint.getBaseDigest().equals(baseDigest)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the checkpoint of %s was trained on base %s, but base %s is loaded"
                            .formatted(checkpoint.getTenant(), checkpoint.getBaseDigest(), baseDigest));
        }
        LoraAdapter adapter = PeftDirectory.decode(checkpoint.getAdapter().toByteArray(), lora, model);
        return new TrainerState(
                core(checkpoint),
                new TrainingState(
                        adapter, MomentsCodec.decode(checkpoint), statistics(checkpoint), checkpoint.getStep()),
                checkpoint.hasLastLoss() ? OptionalDouble.of(checkpoint.getLastLoss()) : OptionalDouble.empty(),
                loaded.digest(),
                checkpoint.getOffset(),
                checkpoint.hasLastOffer() ? Optional.of(checkpoint.getLastOffer()) : Optional.empty(),
                new Line(checkpoint.getLine().getOffset(), checkpoint.getLine().getForgets()));
    }

    /** Whether the checkpoint was made with other settings: continuing is a step of its lineage that its successor names. */
    boolean otherConfiguration(Checkpoint checkpoint) {
        return !checkpoint.getConfigDigest().equals(configDigest);
    }

    private TrainerCore core(Checkpoint checkpoint) {
        Counters counters = checkpoint.getCounters();
        Configured configured = new Configured(checkpoint.getConfigured());
        return new TrainerCore(
                configured.over(steps),
                configured,
                checkpoint.getOffset(),
                checkpoint.hasDeadlineMillis() ? OptionalLong.of(checkpoint.getDeadlineMillis()) : OptionalLong.empty(),
                LessonCodec.decode(checkpoint.getWaitingList()),
                EventWindow.of(steps.eventWindow(), checkpoint.getEventIdWindowList()),
                LessonCodec.decode(checkpoint.getReplayList()),
                LessonCodec.decode(checkpoint.getHeldOutList()),
                checkpoint.getRandomState(),
                new TrainerCounters(
                        counters.getTrained(),
                        counters.getHeldOut(),
                        counters.getDuplicates(),
                        counters.getSkipped(),
                        counters.getCapped(),
                        counters.getUndone(),
                        labels(checkpoint.getLabels())),
                checkpoint.getStep(),
                checkpoint.getStepsSinceOffer(),
                checkpoint.hasOfferDeadlineMillis()
                        ? OptionalLong.of(checkpoint.getOfferDeadlineMillis())
                        : OptionalLong.empty(),
                checkpoint.getEventTimeMillisList(),
                contributions(checkpoint));
    }

    private static List<Contribution> contributions(Contributions contributions) {
        return contributions.events().entrySet().stream()
                .map(each -> Contribution.newBuilder()
                        .setPrincipal(each.getKey())
                        .setEvents(each.getValue())
                        .build())
                .toList();
    }

    private static Contributions contributions(Checkpoint checkpoint) {
        SortedMap<String, Integer> events = new TreeMap<>();
        checkpoint.getContributionsList().forEach(each -> events.put(each.getPrincipal(), each.getEvents()));
        return new Contributions(events);
    }

    private static LossStatistics statistics(Checkpoint checkpoint) {
        Rewards rewards = checkpoint.getRewards();
        return new LossStatistics(rewards.getMean(), rewards.getExamples(), checkpoint.getDivergence());
    }

    static Counters counters(TrainerCounters counters) {
        return Counters.newBuilder()
                .setTrained(counters.trained())
                .setHeldOut(counters.heldOut())
                .setDuplicates(counters.duplicates())
                .setSkipped(counters.skipped())
                .setCapped(counters.capped())
                .setUndone(counters.undone())
                .build();
    }

    static io.livegraft.proto.checkpoint.LabelCounts labels(LabelCounts labels) {
        return io.livegraft.proto.checkpoint.LabelCounts.newBuilder()
                .setExamples(labels.examples())
                .setAccepted(labels.accepted())
                .setRejected(labels.rejected())
                .setCorrections(labels.corrections())
                .setPreferences(labels.preferences())
                .build();
    }

    private static LabelCounts labels(io.livegraft.proto.checkpoint.LabelCounts labels) {
        return new LabelCounts(
                labels.getExamples(),
                labels.getAccepted(),
                labels.getRejected(),
                labels.getCorrections(),
                labels.getPreferences());
    }
}
