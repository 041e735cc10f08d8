package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** A tenant on a tiny random base: its log trained as it comes, or read again. */
final class TestingTenant implements AutoCloseable {
    static final String NAME = "support";

    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 1, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
    private static final LoraConfig LORA = new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR);

    private final Backend backend = new VectorBackend(1);
    private final Transformer transformer = randomBase(backend);
    private final TrainingBasis basis;
    private final CheckpointCodec codec;
    private final StepPlans plans;

    TestingTenant(StepSettings steps) {
        basis = TestingSteps.basis(steps, LORA, TestingSteps.optimizer(), MODEL, "base");
        codec = new CheckpointCodec(basis);
        plans = new StepPlans(basis.settings(), NAME);
    }

    private static Transformer randomBase(Backend backend) {
        ParameterLayout layout = TransformerWeights.layout(MODEL);
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[layout.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.1 * random.nextGaussian());
        }
        Tensor weights = backend.upload(values, 1, values.length);
        Tensor unused = backend.allocate(1, values.length);
        return new Transformer(backend, TransformerWeights.trained(backend, MODEL, weights, unused));
    }

    TrainingBasis basis() {
        return basis;
    }

    TrainerState initial() {
        return codec.initial(NAME);
    }

    /** As a trainer does that is never asked to forget or to reset: each entry once, in order. */
    TrainerState trained(TrainerState from, List<LogEntry> log) {
        return trained(from, log, UnaryOperator.identity());
    }

    /** As a trainer does whose process ends after every checkpoint; {@code kept} is what is left of one. */
    TrainerState restarted(List<LogEntry> log, UnaryOperator<Checkpoint> kept) {
        return trained(initial(), log, state -> {
            Checkpoint checkpoint = kept.apply(codec.encode(NAME, basis.topic(), 0, state));
            return codec.decode(new CheckpointStore.Loaded(checkpoint, "digest", true));
        });
    }

    private TrainerState trained(TrainerState from, List<LogEntry> log, UnaryOperator<TrainerState> afterCheckpoint) {
        TrainerState state = from;
        for (LogEntry entry : log) {
            TrainerCore.Outcome outcome = state.core().on(entry);
            if (outcome.closed().isPresent()) {
                StepResult result = train(state, outcome.closed().get());
                state = state.trained(outcome.next(), result.state(), result.loss());
            } else {
                state = state.with(outcome.next());
            }
            if (outcome.checkpoint()) {
                state = afterCheckpoint.apply(state);
            }
        }
        return state;
    }

    private StepResult train(TrainerState state, TrainerCore.ClosedStep closed) {
        return train(plans.plan(state, closed));
    }

    StepResult train(StepPlan plan) {
        return new AdapterTraining(backend, transformer, plan, 64).finish();
    }

    Replay replay(List<LogEntry> log) {
        TenantLog reading = (tenant, partition, from, through, taker) -> log.stream()
                .filter(entry -> entry.offset() >= from && entry.offset() <= through)
                .forEach(taker);
        return new Replay(
                reading,
                plan -> new AdapterTraining(backend, transformer, plan, 64).finish(),
                plans,
                initial(),
                NAME,
                0,
                () -> false);
    }

    TrainerState replayed(List<LogEntry> log, long through, Set<String> without) {
        return replay(log).through(through, without).state();
    }

    static String digest(TrainerState state) {
        return state.adapterDigest();
    }

    /** Everything that decides what is trained next, with the bits trained so far; without the offset. */
    static String print(TrainerState state) {
        TrainerCore core = state.core();
        return "%s %s %s %s %s %s %s %s %d %s %d %d %s %s %s"
                .formatted(
                        digest(state),
                        state.training().statistics(),
                        core.configured(),
                        core.deadlineMillis(),
                        TestingSteps.print(core.waiting()),
                        core.window().ids(),
                        TestingSteps.print(core.reservoir()),
                        TestingSteps.print(core.heldOut()),
                        core.randomState(),
                        core.counters(),
                        core.steps(),
                        core.stepsSinceOffer(),
                        core.offerDeadlineMillis(),
                        core.eventTimes(),
                        core.contributions());
    }

    @Override
    public void close() {
        backend.close();
    }
}
