package io.livegraft.actors.bench;

import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.TenantSettings;
import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.device.DeviceSettings;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** What sharing a pass over the base gains, by way of the device's queue: every tenant asks for its next step when it has one. */
public final class CycleBench {
    private static final Duration ASK = Duration.ofMinutes(5);
    private static final double NANOS = 1e9;
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(1e-4, 0.9, 0.999, 1e-8, 0, 1, 0);

    private final Engine engine;
    private final int tenants;
    private final int steps;
    private final List<TrainingExample> examples;

    private CycleBench(Engine engine, int tenants, int stepExamples, int exampleTokens, int steps) {
        this.engine = engine;
        this.tenants = tenants;
        this.steps = steps;
        this.examples = IntStream.range(0, stepExamples)
                .mapToObj(example -> new TrainingExample(tokens(example, exampleTokens), 1))
                .toList();
    }

    /**
     * Takes some seconds.
     *
     * @param steps of each tenant
     */
    public static CycleReport run(
            EngineSettings settings, LoraConfig lora, int tenants, int stepExamples, int exampleTokens, int steps) {
        try (Engine engine = Engine.open(settings)) {
            CycleBench bench = new CycleBench(engine, tenants, stepExamples, exampleTokens, steps);
            bench.run(lora, tenants); // until the machine code is compiled
            Run alone = bench.run(lora, 1);
            Run together = bench.run(lora, tenants);
            return new CycleReport(
                    Machine.current(),
                    tenants,
                    stepExamples * exampleTokens,
                    steps,
                    alone.stepsPerSecond(),
                    together.stepsPerSecond(),
                    together.stepsPerSecond() / alone.stepsPerSecond(),
                    alone.digests().equals(together.digests()));
        }
    }

    private record Run(double stepsPerSecond, List<String> digests) {}

    private Run run(LoraConfig lora, int cycleSteps) {
        ActorSystem<DeviceScheduler.Command> device = ActorSystem.create(
                DeviceScheduler.create(
                        engine,
                        new DeviceSettings(1, 1, 1, tenants, cycleSteps, Long.MAX_VALUE),
                        new BatchingSettings(1, 1, 1, engine.pageTokens(), TenantSettings.alike()),
                        System::nanoTime,
                        new Metrics()),
                "bench");
        try {
            long start = System.nanoTime();
            List<CompletableFuture<TrainingState>> trained = IntStream.range(0, tenants)
                    .mapToObj(tenant -> TrainingState.initial(
                            LoraAdapter.initial(lora, engine.config(), SplitMix64.output(9, tenant))))
                    .map(state -> train(device, state, steps).toCompletableFuture())
                    .toList();
            List<String> digests = trained.stream()
                    .map(state -> Digests.sha256(
                            PeftDirectory.safetensors(state.join().adapter())))
                    .toList();
            return new Run(tenants * steps / ((System.nanoTime() - start) / NANOS), digests);
        } finally {
            device.terminate();
            device.getWhenTerminated().toCompletableFuture().join();
        }
    }

    private CompletionStage<TrainingState> train(
            ActorSystem<DeviceScheduler.Command> device, TrainingState state, int left) {
        if (left == 0) {
            return CompletableFuture.completedFuture(state);
        }
        StepPlan plan = StepPlan.supervised(state, examples, OPTIMIZER, 1);
        CompletionStage<DeviceScheduler.WorkReply<StepResult>> reply =
                AskPattern.ask(device, replyTo -> new DeviceScheduler.Train(plan, replyTo), ASK, device.scheduler());
        return reply.thenCompose(answer -> switch (answer) {
            case DeviceScheduler.WorkDone<StepResult> done ->
                train(device, done.result().state(), left - 1);
            case DeviceScheduler.WorkFailed<StepResult> failed -> CompletableFuture.failedFuture(failed.reason());
        });
    }

    private int[] tokens(int example, int count) {
        return IntStream.range(0, count)
                .map(i -> (int) Math.floorMod(
                        SplitMix64.output(example, i), (long) engine.config().vocabSize()))
                .toArray();
    }
}
