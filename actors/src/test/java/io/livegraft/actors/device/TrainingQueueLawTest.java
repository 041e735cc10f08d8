package io.livegraft.actors.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Law 3 where steps of several tenants share a cycle: each result is the same bits as alone. */
class TrainingQueueLawTest {
    private static final int TENANTS = 6;
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(1e-3, 0.9, 0.999, 1e-8, 0, 1, 0);
    private static final LoraConfig LORA = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);

    private final ActorTestKit testKit = ActorTestKit.create();
    private final Engine engine = TestingEngine.open(Map.of());
    /** How many steps each cycle had. */
    private final List<Integer> cycles = new ArrayList<>();

    @AfterEach
    void close() {
        engine.close();
        testKit.shutdownTestKit();
    }

    @Test
    void aStepIsTheSameBitsAloneAndInACycleWithOthers() {
        List<String> alone =
                digests(replies(new DeviceSettings(8, 64, 1, 8, 1, 10_000), engine::trainTogether, plans()));
        assertEquals(List.of(1, 1, 1, 1, 1, 1), cycles);
        cycles.clear();
        assertEquals(
                alone, digests(replies(new DeviceSettings(8, 64, 1, 8, 8, 10_000), engine::trainTogether, plans())));
        assertEquals(List.of(6), cycles);

        // The mutant: a cycle that hands its results out in another order is seen.
        Function<List<StepPlan>, SlicedWork<List<StepResult>>> mutant = plans -> engine.trainTogether(plans.reversed());
        assertNotEquals(alone, digests(replies(new DeviceSettings(8, 64, 1, 8, 8, 10_000), mutant, plans())));
    }

    @Test
    void aCycleIsBoundedByStepsAndByTokens() {
        replies(new DeviceSettings(8, 64, 1, 8, 4, 10_000), engine::trainTogether, plans());
        assertEquals(List.of(4, 2), cycles);
        cycles.clear();
        replies(new DeviceSettings(8, 64, 1, 8, 4, 1), engine::trainTogether, plans());
        assertEquals(List.of(1, 1, 1, 1, 1, 1), cycles);
    }

    @Test
    void aStepThatFailsLeavesTheOthersOfItsCycleAsTheyWere() {
        List<StepPlan> plans = new ArrayList<>(plans());
        List<String> alone = digests(replies(new DeviceSettings(8, 64, 1, 8, 1, 10_000), engine::trainTogether, plans));
        int beyondTheVocabulary = 5_000;
        plans.add(2, plan(9, List.of(new TrainingExample(new int[] {3, beyondTheVocabulary, 4}, 1))));

        List<DeviceScheduler.WorkReply<StepResult>> replies =
                replies(new DeviceSettings(8, 64, 1, 8, 8, 10_000), engine::trainTogether, plans);

        assertInstanceOf(DeviceScheduler.WorkFailed.class, replies.remove(2));
        assertEquals(alone, digests(replies));
    }

    private List<DeviceScheduler.WorkReply<StepResult>> replies(
            DeviceSettings settings,
            Function<List<StepPlan>, SlicedWork<List<StepResult>>> together,
            List<StepPlan> plans) {
        TrainingQueue queue = new TrainingQueue(
                several -> {
                    cycles.add(several.size());
                    return together.apply(several);
                },
                settings,
                new Metrics());
        List<TestProbe<DeviceScheduler.WorkReply<StepResult>>> probes = new ArrayList<>();
        for (StepPlan plan : plans) {
            TestProbe<DeviceScheduler.WorkReply<StepResult>> probe = testKit.createTestProbe();
            probes.add(probe);
            queue.add(new DeviceScheduler.Train(plan, probe.ref()));
        }
        assertEquals(plans.size(), queue.size());
        while (!queue.isEmpty()) {
            queue.advance();
        }
        List<DeviceScheduler.WorkReply<StepResult>> replies = new ArrayList<>();
        probes.forEach(probe -> replies.add(probe.receiveMessage()));
        return replies;
    }

    private static List<String> digests(List<DeviceScheduler.WorkReply<StepResult>> replies) {
        return replies.stream().map(TrainingQueueLawTest::digest).toList();
    }

    private static String digest(DeviceScheduler.WorkReply<StepResult> reply) {
        return switch (reply) {
            case DeviceScheduler.WorkDone<StepResult> done ->
                Digests.sha256(PeftDirectory.safetensors(done.result().state().adapter()))
                        + done.result().loss()
                        + done.result().gradientNorm();
            case DeviceScheduler.WorkFailed<StepResult> failed -> throw failed.reason();
        };
    }

    private List<StepPlan> plans() {
        Random random = new Random(7);
        List<StepPlan> plans = IntStream.range(0, TENANTS)
                .mapToObj(tenant -> plan(
                        tenant,
                        IntStream.rangeClosed(0, tenant % 3)
                                .mapToObj(example -> new TrainingExample(
                                        random.ints(5 + random.nextInt(20), 2, 1000)
                                                .toArray(),
                                        2))
                                .toList()))
                .toList();
        assertTrue(plans.stream().anyMatch(plan -> plan.inputs().size() > 1));
        return plans;
    }

    private StepPlan plan(long seed, List<TrainingExample> examples) {
        TrainingState state = TrainingState.initial(LoraAdapter.initial(LORA, engine.config(), seed));
        return StepPlan.supervised(state, examples, OPTIMIZER, seed);
    }
}
