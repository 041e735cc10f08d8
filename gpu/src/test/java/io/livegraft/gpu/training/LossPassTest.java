package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole-model losses against the scalar functions, and what may not show in their bits. */
class LossPassTest {
    private final Backend backend = new VectorBackend(2);
    private final Transformer transformer = TinyModel.transformer(backend);
    private final LoraAdapter policy = TinyModel.adapter(6);
    private final LoraAdapter frozen = TinyModel.adapter(5);

    static List<Loss> losses() {
        return TestingLosses.ALL;
    }

    @Test
    void dpoIsTheMeanOfItsTermOverAllPairs() {
        Dpo dpo = new Dpo(0.3, 0.1, false);
        double sum = 0;
        for (TrainingInput input : TestingLosses.PREFERENCES) {
            double chosen = logRatio(input.sequences().getFirst());
            double rejected = logRatio(input.sequences().getLast());
            sum += dpo.term(chosen - rejected).value();
        }
        LossReport report = run(dpo, 64, policy).report();
        assertEquals(sum / TestingLosses.PREFERENCES.size(), report.loss(), 1e-12);
        assertEquals(LossStatistics.NONE, report.statistics());
        RewardMetrics rewards = report.rewards().orElseThrow();
        double margin = TestingLosses.PREFERENCES.stream()
                .mapToDouble(input -> logRatio(input.sequences().getFirst())
                        - logRatio(input.sequences().getLast()))
                .average()
                .orElseThrow();
        assertEquals(0.3 * margin, rewards.margin().orElseThrow(), 1e-12);
        assertEquals(OptionalDouble.empty(), rewards.baseline());
    }

    @Test
    void ktosBaselineComparesEachPromptWithTheCompletionBeforeIt() {
        Kto kto = new Kto(0.3, 1.3, 0.8);
        List<TrainingExample> examples = TinyModel.examples();
        // prompts 1 5 9, 1 and 1 17; completions 12 30 2, 7 7 3 8 11 29 4 2 and 2
        double z = Math.max(
                0,
                (logRatio(new TrainingExample(new int[] {1, 5, 9, 2}, 3))
                                + logRatio(new TrainingExample(new int[] {1, 12, 30, 2}, 1))
                                + logRatio(new TrainingExample(new int[] {1, 17, 7, 7, 3, 8, 11, 29, 4, 2}, 2)))
                        / 3);
        double sum = kto.term(logRatio(examples.get(0)), true, z).value()
                + kto.term(logRatio(examples.get(1)), false, z).value()
                + kto.term(logRatio(examples.get(2)), true, z).value();
        LossReport report = run(kto, 64, policy).report();
        assertEquals(0.3 * z, report.rewards().orElseThrow().baseline().orElseThrow(), 1e-12);
        assertTrue(z > 0, "a baseline of 0 would show nothing");
        assertEquals(sum / 3, report.loss(), 1e-12);
    }

    @Test
    void bcosBaselineHoldsThisStepsRewardsAndAllBefore() {
        Bco bco = new Bco(0.2);
        List<TrainingExample> examples = TinyModel.examples();
        double before = 0.7;
        double rewards = 0;
        for (TrainingExample example : examples) {
            rewards += 0.2 * logRatio(example);
        }
        double delta = (5 * before + rewards) / 8;
        double sum = bco.term(logRatio(examples.get(0)), true, delta).value()
                + bco.term(logRatio(examples.get(1)), false, delta).value()
                + bco.term(logRatio(examples.get(2)), true, delta).value();
        LossTask task = task(bco, policy, new LossStatistics(before, 5, 0));
        LossReport report = pass(task, 64).finish().getFirst();
        assertEquals(delta, report.statistics().meanReward(), 1e-12);
        assertEquals(8, report.statistics().examples());
        assertEquals(sum / 3, report.loss(), 1e-12);
    }

    @Test
    void apoZeroIsTheMeanOfItsTerms() {
        ApoZero apoZero = new ApoZero(0.4);
        List<TrainingExample> examples = TinyModel.examples();
        double sum = apoZero.term(logRatio(examples.get(0)), true).value()
                + apoZero.term(logRatio(examples.get(1)), false).value()
                + apoZero.term(logRatio(examples.get(2)), true).value();
        assertEquals(sum / 3, run(apoZero, 64, policy).report().loss(), 1e-12);
    }

    @ParameterizedTest
    @MethodSource("losses")
    void howAStepIsSlicedDoesNotShowInASingleBit(Loss loss) {
        Outcome whole = run(loss, 1_000, policy);
        for (int sliceTokens : new int[] {1, 12, 20}) {
            Outcome sliced = run(loss, sliceTokens, policy);
            assertEquals(whole.report(), sliced.report());
            assertArrayEquals(whole.gradient(), sliced.gradient(), 0f);
        }
        Outcome other = run(loss, 1_000, TinyModel.adapter(7));
        assertNotEquals(whole.report(), other.report());
        assertFalse(Arrays.equals(whole.gradient(), other.gradient()), "another adapter must show");
    }

    @ParameterizedTest
    @MethodSource("losses")
    void dropoutFollowsFromTheSeedTheStepAndThePlaceAlone(Loss loss) {
        float[] whole = dropped(loss, 7, 3, 1_000);
        assertArrayEquals(whole, dropped(loss, 7, 3, 1), 0f);
        assertFalse(Arrays.equals(whole, dropped(loss, 8, 3, 1)), "another seed must show");
        assertFalse(Arrays.equals(whole, dropped(loss, 7, 4, 1)), "another step must show");
        assertFalse(Arrays.equals(whole, run(loss, 1, policy).gradient()), "dropout must show");
    }

    private float[] dropped(Loss loss, long seed, long step, int sliceTokens) {
        LossTask task = new LossTask(
                TestingLosses.inputs(loss),
                loss,
                Optional.of(AdapterTensors.forTraining(backend, TinyModel.withDropout(policy, 0.3))),
                Optional.of(AdapterTensors.forServing(backend, frozen)),
                LossStatistics.NONE,
                seed,
                step);
        pass(task, sliceTokens).finish();
        return gradient(task);
    }

    @Test
    void aPolicyThatIsItsReferenceHasNoRewardsAndTheLossOfIndifference() {
        LossTask same = new LossTask(
                TestingLosses.PREFERENCES,
                new Dpo(0.1, 0, false),
                Optional.of(AdapterTensors.forTraining(backend, policy)),
                Optional.of(AdapterTensors.forServing(backend, policy)),
                LossStatistics.NONE,
                0,
                0);
        LossReport report = pass(same, 64).finish().getFirst();
        assertEquals(Math.log(2), report.loss(), 1e-15);
        assertEquals(0, report.rewards().orElseThrow().margin().orElseThrow(), 0);
    }

    @Test
    void anInputOfAnotherKindIsRefusedByName() {
        LivegraftException refused = assertThrows(
                LivegraftException.class,
                () -> LossTask.first(TestingLosses.PREFERENCES, new Bco(0.1), Optional.empty()));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
        assertEquals("loss bco can't learn from a preference input, expected labelled", refused.getMessage());
    }

    @Test
    void ktoWithASingleExampleTakesTheDivergenceOfTheStepBefore() {
        Kto kto = new Kto(0.3, 1.3, 0.8);
        LossStatistics before = run(kto, 64, policy).report().statistics();
        assertTrue(before.divergence() > 0, "a divergence of 0 would show nothing");
        LossTask whole = task(kto, policy, before);
        LossTask single =
                new LossTask(whole.inputs().subList(0, 1), kto, whole.policy(), whole.reference(), before, 0, 0);
        LossReport report = pass(single, 64).finish().getFirst();
        double logRatio = logRatio(TinyModel.examples().getFirst());
        assertEquals(kto.term(logRatio, true, before.divergence()).value(), report.loss(), 1e-12);
        assertEquals(before, report.statistics());
    }

    /** Of policy and frozen version, by an evaluation of the example alone. */
    private double logRatio(TrainingExample example) {
        return logProbability(policy, example) - logProbability(frozen, example);
    }

    private double logProbability(LoraAdapter adapter, TrainingExample example) {
        return -example.targetTokens()
                * new Evaluation(
                                backend,
                                transformer,
                                Optional.of(AdapterTensors.forServing(backend, adapter)),
                                List.of(example),
                                64)
                        .finish();
    }

    private record Outcome(LossReport report, float[] gradient) {}

    private Outcome run(Loss loss, int sliceTokens, LoraAdapter trained) {
        LossTask task = task(loss, trained, LossStatistics.NONE);
        LossReport report = pass(task, sliceTokens).finish().getFirst();
        return new Outcome(report, gradient(task));
    }

    private float[] gradient(LossTask task) {
        Tensor gradients = task.policy().orElseThrow().gradients().orElseThrow();
        float[] gradient = new float[policy.layout().size()];
        backend.download(gradient, gradients);
        return gradient;
    }

    private LossTask task(Loss loss, LoraAdapter trained, LossStatistics statistics) {
        return new LossTask(
                TestingLosses.inputs(loss),
                loss,
                Optional.of(AdapterTensors.forTraining(backend, trained)),
                Optional.of(AdapterTensors.forServing(backend, frozen)),
                statistics,
                0,
                0);
    }

    private LossPass pass(LossTask task, int sliceTokens) {
        return new LossPass(backend, transformer, transformer, List.of(task), sliceTokens);
    }
}
