package io.livegraft.actors.bench;

import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.TenantSettings;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.device.DeviceSettings;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** Answers and training on one device by way of its scheduler: each alone, then both, at several shares of the time. */
public final class CoserveBench {
    private static final Duration ASK = Duration.ofMinutes(5);
    private static final double NANOS = 1e9;
    private static final int PROMPT_TOKENS = 32;
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(1e-4, 0.9, 0.999, 1e-8, 0, 1, 0);

    /**
     * What is run.
     *
     * @param streams answers made at once
     * @param answerTokens most of each answer
     * @param stepTokens of each training step, in one example
     * @param run how long each part is measured
     * @param shares of the device's time that training may take
     */
    public record Load(int streams, int answerTokens, int stepTokens, Duration run, List<Double> shares) {
        public Load {
            shares = List.copyOf(shares);
        }
    }

    private final Engine engine;
    private final EngineSettings settings;
    private final Load load;
    private final TrainingState state;
    private final List<TrainingExample> examples;

    private CoserveBench(Engine engine, EngineSettings settings, LoraConfig lora, Load load) {
        this.engine = engine;
        this.settings = settings;
        this.load = load;
        this.state = TrainingState.initial(LoraAdapter.initial(lora, engine.config(), 9));
        this.examples = List.of(new TrainingExample(tokens(7, load.stepTokens()), 1));
    }

    public static CoserveReport run(EngineSettings settings, LoraConfig lora, Load load) {
        try (Engine engine = Engine.open(settings)) {
            CoserveBench bench = new CoserveBench(engine, settings, lora, load);
            bench.run(load.streams(), 1, true); // until the machine code is compiled
            return new CoserveReport(
                    Machine.current(),
                    load.streams(),
                    load.stepTokens(),
                    settings.sliceTokens(),
                    bench.run(load.streams(), 1, false),
                    bench.run(0, 1, true).trainedTokensPerSecond(),
                    load.shares().stream()
                            .map(share -> bench.run(load.streams(), share, true))
                            .toList());
        }
    }

    private CoserveReport.Run run(int streams, double share, boolean trains) {
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicLong trained = new AtomicLong();
        ActorSystem<DeviceScheduler.Command> device = ActorSystem.create(device(share), "bench");
        long start = System.nanoTime();
        List<EndlessStream> asked = IntStream.range(0, streams)
                .mapToObj(i -> new EndlessStream(
                        device, tokens(i, PROMPT_TOKENS), SamplingSettings.greedy(load.answerTokens()), running::get))
                .toList();
        asked.forEach(EndlessStream::ask);
        if (trains) {
            var _ = train(device, state, running, trained);
        }
        LockSupport.parkNanos(load.run().toNanos());
        double seconds = (System.nanoTime() - start) / NANOS;
        long trainedTokens = trained.get();
        running.set(false);
        device.terminate();
        device.getWhenTerminated().toCompletableFuture().join();
        return report(asked, trains ? share : 0, trainedTokens / seconds, seconds);
    }

    private Behavior<DeviceScheduler.Command> device(double share) {
        int places = settings.maxSequences();
        int turnTokens = load.streams() * PROMPT_TOKENS + 1;
        return DeviceScheduler.create(
                engine,
                new DeviceSettings(places, turnTokens, share, 1, 1, Long.MAX_VALUE),
                new BatchingSettings(places, places, turnTokens, engine.pageTokens(), TenantSettings.alike()),
                System::nanoTime,
                new Metrics());
    }

    private CompletionStage<TrainingState> train(
            ActorSystem<DeviceScheduler.Command> device,
            TrainingState from,
            AtomicBoolean running,
            AtomicLong trained) {
        if (!running.get()) {
            return CompletableFuture.completedFuture(from);
        }
        StepPlan plan = StepPlan.supervised(from, examples, OPTIMIZER, 1);
        CompletionStage<DeviceScheduler.WorkReply<StepResult>> reply =
                AskPattern.ask(device, replyTo -> new DeviceScheduler.Train(plan, replyTo), ASK, device.scheduler());
        return reply.thenCompose(answer -> switch (answer) {
            case DeviceScheduler.WorkDone<StepResult> done -> {
                trained.addAndGet(load.stepTokens());
                yield train(device, done.result().state(), running, trained);
            }
            case DeviceScheduler.WorkFailed<StepResult> failed -> CompletableFuture.failedFuture(failed.reason());
        });
    }

    private static CoserveReport.Run report(
            List<EndlessStream> asked, double share, double trainedTokensPerSecond, double seconds) {
        double[] millis = asked.stream()
                .flatMap(stream -> stream.betweenNanos().stream())
                .mapToDouble(nanos -> nanos / 1e6)
                .sorted()
                .toArray();
        int tokens = asked.stream().mapToInt(EndlessStream::tokens).sum();
        return new CoserveReport.Run(
                share, tokens / seconds, at(millis, 0.5), at(millis, 0.9), at(millis, 0.99), trainedTokensPerSecond);
    }

    /** 0 without values. */
    private static double at(double[] sorted, double quantile) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, quantile * sorted.length)];
    }

    private int[] tokens(int seed, int count) {
        return IntStream.range(0, count)
                .map(i -> (int) Math.floorMod(
                        SplitMix64.output(seed, i), (long) engine.config().vocabSize()))
                .toArray();
    }
}
