package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.LossStatistics;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.feedback.Configure;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CheckpointCodecTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 2, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
    private static final LoraConfig LORA = new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR);

    private final CheckpointCodec codec = codec("base");

    @Test
    void aStateSurvivesItsCheckpointWholly() {
        Checkpoint written = codec.encode("support", "feedback", 1, trained());
        TrainerState read = codec.decode(new CheckpointStore.Loaded(written, "digest", true));
        Checkpoint again = codec.encode("support", "feedback", 1, read);
        assertEquals(written.toBuilder().setParentDigest("digest").build(), again);
        assertEquals("digest", read.checkpointDigest());
        assertEquals(written.getOffset(), read.savedThrough());
        Moments.Float32 moments =
                assertInstanceOf(Moments.Float32.class, read.training().moments());
        assertEquals(0.25f, moments.second()[3]);
        assertEquals(new LossStatistics(-0.1 / 3, 41, 0.1 / 7), read.training().statistics());
    }

    @Test
    void twoTrainersWithTheSameLogWriteTheSameBytes() {
        assertEquals(
                codec.encode("support", "feedback", 1, trained()).toByteString(),
                codec("base").encode("support", "feedback", 1, trained()).toByteString());
    }

    @Test
    void aStateWithAnOpenStepSurvivesItsCheckpointWholly() {
        TrainerState state = codec.initial("support");
        TrainerCore open = state.core()
                .on(new LogEntry.Configure(
                        0,
                        1,
                        new Configured(Configure.newBuilder().setStepExamples(3).build())))
                .next()
                .on(new LogEntry.Feedback(1, 1, "e1", 1, Label.CORRECTION, TestingSteps.lesson(1), "ann", "ann"))
                .next();
        TrainerState written = state.with(open).remade(state.with(open), new Line(1, true));
        Checkpoint checkpoint = codec.encode("support", "feedback", 1, written);
        TrainerState read = codec.decode(new CheckpointStore.Loaded(checkpoint, "digest", true));
        assertEquals(1, read.core().waiting().size());
        assertEquals(open.deadlineMillis(), read.core().deadlineMillis());
        assertEquals(3, read.core().settings().examples());
        assertEquals(open.contributions(), read.core().contributions());
        assertEquals(new Line(1, true), read.line());
    }

    @Test
    void aCheckpointOfAnotherBaseIsRefusedWithBothDigests() {
        Checkpoint written = codec.encode("support", "feedback", 1, trained());
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> codec("other")
                .decode(new CheckpointStore.Loaded(written, "digest", true)));
        assertEquals(
                "the checkpoint of support was trained on base base, but base other is loaded", refusal.getMessage());
    }

    @Test
    void trainingWithEightBitMomentsGoesOnFromACheckpointWithTheSameBits() {
        ModelConfig wide = new ModelConfig(256, 16, 1, 2, 1, 128, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
        LoraConfig lora = new LoraConfig(16, 32, false, List.of("q_proj"));
        CheckpointCodec wideCodec = codec(lora, wide, "base");
        try (Backend backend = new VectorBackend(1)) {
            Transformer transformer = randomBase(backend, wide);
            TrainingState uninterrupted = wideCodec.initial("support").training();
            TrainingState resumed = uninterrupted;
            for (int i = 0; i < 5; i++) {
                uninterrupted = step(backend, transformer, uninterrupted);
                resumed = reopened(wideCodec, step(backend, transformer, resumed));
            }
            assertEquals(5, resumed.step());
            assertArrayEquals(
                    uninterrupted.adapter().values(), resumed.adapter().values(), 0f);
            assertEquals(written(wideCodec, uninterrupted), written(wideCodec, resumed));
            assertFalse(written(wideCodec, resumed)
                    .getTensorMoments(0)
                    .getFirstAbsmax()
                    .isEmpty());
        }
    }

    private static TrainingState step(Backend backend, Transformer transformer, TrainingState state) {
        OptimizerSettings optimizer =
                new OptimizerSettings(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 2).with(MomentPrecision.BLOCKWISE8);
        TrainingExample example = new TrainingExample(new int[] {1, 5, 9, (int) state.step() + 10, 2}, 1);
        StepPlan plan = StepPlan.supervised(state, List.of(example), optimizer, 3);
        return new AdapterTraining(backend, transformer, plan, 64).finish().state();
    }

    private static Transformer randomBase(Backend backend, ModelConfig config) {
        ParameterLayout layout = TransformerWeights.layout(config);
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[layout.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.1 * random.nextGaussian());
        }
        Tensor weights = backend.upload(values, 1, values.length);
        Tensor unused = backend.allocate(1, values.length);
        return new Transformer(backend, TransformerWeights.trained(backend, config, weights, unused));
    }

    private static TrainingState reopened(CheckpointCodec codec, TrainingState state) {
        return codec.decode(new CheckpointStore.Loaded(written(codec, state), "digest", true))
                .training();
    }

    private static Checkpoint written(CheckpointCodec codec, TrainingState state) {
        TrainerState initial = codec.initial("support");
        return codec.encode("support", "feedback", 1, initial.trained(initial.core(), state, 1)).toBuilder()
                .setStep(state.step())
                .build();
    }

    private static CheckpointCodec codec(String base) {
        return codec(LORA, MODEL, base);
    }

    private static CheckpointCodec codec(LoraConfig lora, ModelConfig model, String base) {
        return new CheckpointCodec(
                TestingSteps.basis(TestingSteps.settings(), lora, TestingSteps.optimizer(), model, base));
    }

    /** After some steps, whose numbers are made up. */
    private TrainerState trained() {
        TrainerState state = codec.initial("support");
        for (int i = 0; i < 9; i++) {
            TrainerCore.Outcome outcome =
                    state.core().on(new LogEntry.Feedback(i, 1000 + 10L * i, "e" + i, i, TestingSteps.lesson(i)));
            state = state.with(outcome.next());
        }
        TrainerCore settled = state.core().on(new LogEntry.Tick(20, 9999)).next();
        TrainingState training = state.training();
        float[] second = new float[training.adapter().layout().size()];
        second[3] = 0.25f;
        Moments moments = new Moments.Float32(new float[second.length], second);
        TrainingState stepped = new TrainingState(
                training.adapter(), moments, new LossStatistics(-0.1 / 3, 41, 0.1 / 7), settled.steps());
        return state.trained(settled, stepped, 1.5);
    }
}
