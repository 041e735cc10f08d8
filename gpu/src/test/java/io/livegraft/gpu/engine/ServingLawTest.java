package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Laws 2 and 3 of serving: whatever runs beside a request and however it is served, its tokens and log-probabilities are its own. */
class ServingLawTest {
    private static final int PLACES = 32;
    /** Two versions of each tenant, and the base first. */
    private static final int VERSIONS = 9;

    /** Fewer pages than all places need. */
    private static final KvCacheSettings KV = new KvCacheSettings(8 << 20, 64, true);

    private static final OptimizerSettings ADAM = new OptimizerSettings(0.01, 0.9, 0.95, 1e-8, 0.01, 1, 2);

    @Test
    void aThousandRequestsGetTheSameTokensAndLogprobsAloneAndInRandomBatchesWithTrainingBeside() {
        try (Engine engine = open(() -> TestingEngine.cpu(2, KernelChoice.AUTO))) {
            List<ServedRequest> requests = requests(engine, 1, 1_000);
            Training training = new Training(engine);
            RandomServing serving = serving(engine, keys(), training);
            List<List<GenerationDelta>> expected = serving.alone(requests);
            List<List<GenerationDelta>> actual = serving.together(requests);
            for (int i = 0; i < expected.size(); i++) {
                assertEquals(expected.get(i), actual.get(i), "request " + i);
            }
            assertEquals(engine.pages(), engine.freePages());
            assertTrue(serving.largestBatch() > 24, "batches of " + serving.largestBatch());
            assertTrue(serving.suspensions() > 100, serving.suspensions() + " suspensions");
            assertTrue(serving.reused() > 10_000, serving.reused() + " tokens reused");
            assertTrue(training.steps.size() > 3, training.steps.size() + " steps");
            assertArrayEquals(adapterOf(training.alone(engine)), adapterOf(training.steps.getFirst()), 0f);
        }
    }

    private static float[] adapterOf(StepResult step) {
        return step.state().adapter().values();
    }

    /** A cache that forgets whose keys and values these are. */
    @Test
    void aCacheThatKnowsNoVersionsWouldBeSeen() {
        assertSeen(
                () -> TestingEngine.cpu(2, KernelChoice.AUTO),
                IntStream.range(0, VERSIONS).mapToObj(_ -> new CacheKey("", "")).toList());
    }

    /** Products of a decode step whose kernel is chosen by how many rows there are. */
    @Test
    void aKernelChosenByTheNumberOfRowsWouldBeSeen() {
        assertSeen(
                () -> {
                    Device device = TestingEngine.cpu(2, KernelChoice.AUTO);
                    return new Device(trainingOfMany(device.backend()), device.images(), device.description());
                },
                keys());
    }

    /** An interrupted answer that goes on as if it had been part of the prompt: other bits where prompts are not multiplied as steps are. */
    @Test
    void anAnswerThatWasFedAgainAsAPromptWouldBeSeen() {
        try (Engine engine = open(() -> TestingEngine.cpu(2, KernelChoice.AUTO, PromptActivations.BF16))) {
            int[] prompt =
                    new Random(5).ints(100, 10, engine.config().vocabSize()).toArray();
            List<GenerationDelta> never = answer(engine, prompt, 12);
            int[] own = never.stream().limit(6).mapToInt(GenerationDelta::token).toArray();
            int[] both =
                    IntStream.concat(Arrays.stream(prompt), Arrays.stream(own)).toArray();
            assertNotEquals(never.subList(6, never.size()), answer(engine, both, 12 - own.length));
        }
    }

    private static List<GenerationDelta> answer(Engine engine, int[] prompt, int tokens) {
        ServedRequest request = new ServedRequest(0, prompt, SamplingSettings.greedy(tokens));
        return serving(engine, keys(), () -> {}).alone(List.of(request)).getFirst();
    }

    private static void assertSeen(Supplier<Device> device, List<CacheKey> keys) {
        try (Engine engine = open(device)) {
            List<ServedRequest> requests = requests(engine, 2, 120);
            RandomServing serving = serving(engine, keys, () -> {});
            assertNotEquals(serving.alone(requests), serving.together(requests));
        }
    }

    private static Backend trainingOfMany(Backend backend) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (_, method, arguments) -> {
                    boolean many = method.getName().equals("linear")
                            && arguments[1] instanceof Tensor x
                            && x.rows() > 8
                            && Arrays.asList(arguments).contains(Phase.DECODE);
                    if (many) {
                        arguments[Arrays.asList(arguments).indexOf(Phase.DECODE)] = Phase.TRAINING;
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }

    /** Step after step of one adapter, a slice at a time. */
    private static final class Training implements RandomServing.Beside {
        private final List<StepResult> steps = new ArrayList<>();
        private final StepPlan first;
        private final Engine engine;
        private SlicedWork<StepResult> step;

        private Training(Engine engine) {
            this.engine = engine;
            LoraConfig lora = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);
            this.first = plan(TrainingState.initial(LoraAdapter.initial(lora, engine.config(), 77)));
            this.step = engine.train(first);
        }

        private StepPlan plan(TrainingState state) {
            Random random = new Random(state.step());
            List<TrainingExample> examples = IntStream.range(0, 30)
                    .mapToObj(_ -> new TrainingExample(
                            random.ints(60, 10, engine.config().vocabSize()).toArray(), 20))
                    .toList();
            return StepPlan.supervised(state, examples, ADAM, 3);
        }

        @Override
        public void advance() {
            if (step.advance()) {
                steps.add(step.result());
                step = engine.train(plan(step.result().state()));
            }
        }

        private StepResult alone(Engine other) {
            return other.train(first).finish();
        }
    }

    private static RandomServing serving(Engine engine, List<CacheKey> keys, RandomServing.Beside beside) {
        List<StagedAdapter> adapters = IntStream.range(1, VERSIONS)
                .mapToObj(version -> engine.stage(adapter(engine, version)))
                .toList();
        return new RandomServing(engine, adapters, keys, beside, new Random(7), PLACES);
    }

    private static List<CacheKey> keys() {
        return IntStream.range(0, VERSIONS)
                .mapToObj(version -> new CacheKey("tenant" + version / 2, "digest" + version))
                .toList();
    }

    /** Of rank 1 to 8. */
    private static LoraAdapter adapter(Engine engine, int version) {
        LoraConfig lora = new LoraConfig(version, 2 * version, false, LoraConfig.ALL_LINEAR);
        LoraAdapter initial = LoraAdapter.initial(lora, engine.config(), version);
        return initial.withValues(
                TinyModel.gaussian(new Random(version), initial.layout().size(), 0.05));
    }

    private static List<ServedRequest> requests(Engine engine, long seed, int count) {
        return ServedRequest.random(
                new Random(seed), count, VERSIONS, engine.config().vocabSize());
    }

    private static Engine open(Supplier<Device> device) {
        return TestingEngine.open(PLACES, KV, device);
    }
}
