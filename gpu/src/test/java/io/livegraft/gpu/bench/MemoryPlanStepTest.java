package io.livegraft.gpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.gpu.cuda.CudaBackend;
import io.livegraft.gpu.cuda.MemoryPlan;
import io.livegraft.gpu.cuda.OffloadSettings;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.cuda.PlannedStep;
import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.cuda.TrainingShape;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plan against what a step really took, under every policy. */
class MemoryPlanStepTest {
    private static final long AMPLE = 1 << 27;
    private static final long HOST_BYTES = 1 << 26;
    /** Of the plan, that a step takes at least. */
    private static final double LEAST = 0.95;

    private static final ModelConfig CONFIG =
            new ModelConfig(128, 272, 2, 4, 2, 32, 509, 512, 1e-5f, 10_000, false, 1, List.of(2));
    private static final int TOKENS = 182;
    private static final int SEQUENCES = 2;
    private static final OptimizerSettings ADAM = new OptimizerSettings(1e-4, 0.9, 0.999, 1e-8, 0, 1, 0);

    /** What is fixed by settings, so that the plan has one step. */
    record Policy(
            GradientCheckpointing checkpointing,
            Choice moments,
            Choice checkpoints,
            Precision precision,
            MomentPrecision form) {
        OffloadSettings offload() {
            return new OffloadSettings(moments, checkpoints, HOST_BYTES);
        }

        TrainingShape shape() {
            return new TrainingShape(CONFIG, BasePrecision.of(precision), 48, form, TOKENS, SEQUENCES);
        }
    }

    static Stream<Policy> policies() {
        Stream<Policy> all = Stream.of(GradientCheckpointing.values())
                .flatMap(checkpointing -> Stream.of(Choice.OFF, Choice.ON)
                        .flatMap(moments -> Stream.of(Choice.OFF, Choice.ON)
                                .filter(inputs -> inputs == Choice.OFF || checkpointing == GradientCheckpointing.FULL)
                                .map(inputs -> new Policy(
                                        checkpointing, moments, inputs, Precision.NF4, MomentPrecision.FLOAT32))));
        Stream<Policy> others = Stream.of(
                new Policy(GradientCheckpointing.NONE, Choice.OFF, Choice.OFF, Precision.BF16, MomentPrecision.FLOAT32),
                new Policy(
                        GradientCheckpointing.PARTIAL,
                        Choice.OFF,
                        Choice.OFF,
                        Precision.FP32,
                        MomentPrecision.BLOCKWISE8),
                new Policy(
                        GradientCheckpointing.FULL, Choice.ON, Choice.ON, Precision.INT8, MomentPrecision.BLOCKWISE8));
        return Stream.concat(all, others);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aStepTakesWhatThePlanSaysAndLittleLess(Policy policy) {
        PlannedStep planned;
        try (CudaBackend backend = StandIn.backend(policy.offload(), AMPLE)) {
            MemoryPlan plan = backend.plan(policy.shape(), 0, Optional.of(policy.checkpointing()));
            assertEquals(1, plan.steps().size());
            planned = plan.chosen();
            train(backend, policy);
            within(planned.deviceBytes(), backend.peakBytes());
            within(planned.hostBytes(), backend.offloadedPeakBytes());
        }
        try (CudaBackend backend = StandIn.backend(policy.offload(), planned.deviceBytes())) {
            train(backend, policy);
        }
    }

    private static void within(long planned, long taken) {
        assertTrue(taken <= planned, () -> "%d bytes taken, %d planned".formatted(taken, planned));
        assertTrue(taken >= LEAST * planned, () -> "only %d bytes taken, %d planned".formatted(taken, planned));
    }

    private static void train(CudaBackend backend, Policy policy) {
        TransformerWeights weights = RandomBase.weights(backend, CONFIG, policy.precision());
        backend.trim();
        Transformer transformer = new Transformer(backend, weights, policy.checkpointing());
        LoraConfig lora = new LoraConfig(policy.shape().rank(), 1, false, LoraConfig.ALL_LINEAR);
        TrainingState state = TrainingState.initial(RandomBase.adapter(lora, CONFIG, 1));
        List<TrainingExample> examples = IntStream.range(0, SEQUENCES)
                .mapToObj(i -> RandomBase.tokens(CONFIG, TOKENS / SEQUENCES, SplitMix64.output(2, i)))
                .map(tokens -> new TrainingExample(tokens, 1))
                .toList();
        StepPlan plan = StepPlan.supervised(state, examples, ADAM.with(policy.form()), 1);
        new AdapterTraining(backend, transformer, plan, TOKENS).finish();
    }
}
