package io.livegraft.gpu.bench;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.bench.EngineReport.Generation;
import io.livegraft.gpu.bench.EngineReport.Memory;
import io.livegraft.gpu.bench.EngineReport.Start;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.device.ProcessMemory;
import io.livegraft.gpu.quality.Footprint;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.transformer.Feed;
import io.livegraft.gpu.transformer.NextLogits;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Speed of prompts, of generation at several depths, and of many sequences with many adapters, on a base of random weights. */
public final class EngineBench {
    /** Tokens of the very first prompt. */
    private static final int FIRST_PROMPT = 16;

    private final EngineBenchSettings settings;
    private final Backend backend;
    private final Transformer transformer;
    private final Memory memory;
    private final Consumer<String> progress;

    private EngineBench(
            EngineBenchSettings settings, Backend backend, TransformerWeights weights, Consumer<String> progress) {
        this.settings = settings;
        this.backend = backend;
        this.transformer = new Transformer(backend, weights);
        long bytes = Footprint.of(weights).bytes();
        long table = weights.embedding().equals(weights.head())
                ? 0
                : weights.embedding().bytes();
        System.gc(); // what is left of making the weights is not the base's
        this.memory = new Memory(bytes, bytes - table, ProcessMemory.resident());
        this.progress = progress;
    }

    /**
     * Takes seconds to minutes.
     *
     * @param progress told before each part
     */
    public static EngineReport run(EngineBenchSettings settings, Consumer<String> progress) {
        progress.accept("measuring the machine");
        Ceilings ceilings = Ceilings.measure(settings.threads(), settings.setBytes());
        Device device = Device.open(
                settings.device(),
                settings.threads(),
                () -> PromptActivations.AUTO.of(settings.kernels().kernels()));
        try (Backend backend = device.backend()) {
            progress.accept("making a base of shape " + settings.shape().label());
            Stopwatch watch = new Stopwatch();
            TransformerWeights weights =
                    RandomBase.weights(backend, settings.shape().config(), settings.precision());
            double weightsSeconds = watch.seconds();
            EngineBench bench = new EngineBench(settings, backend, weights, progress);
            Start start = bench.start(weightsSeconds);
            bench.warmUp();
            return new EngineReport(
                    Machine.current(),
                    settings.shape().label(),
                    TransformerWeights.layout(settings.shape().config()).size(),
                    settings.precision().toString(),
                    device.description(),
                    settings.threads(),
                    ceilings,
                    bench.memory,
                    start,
                    settings.prompt(),
                    bench.prompt(),
                    bench.generation(ceilings),
                    new BatchBench(settings, backend, bench.transformer, progress).run(),
                    device.memoryUse());
        }
    }

    private Start start(double weightsSeconds) {
        Stopwatch watch = new Stopwatch();
        prefill(FIRST_PROMPT);
        double seconds = watch.seconds();
        long process = ManagementFactory.getRuntimeMXBean().getStartTime();
        return new Start(weightsSeconds, seconds, (System.currentTimeMillis() - process) / 1e3);
    }

    private void warmUp() {
        progress.accept("warming up for %d s".formatted(settings.warmUpSeconds()));
        var run = new GenerationRun(backend, transformer, List.of(Optional.empty()), 0, settings.tokens());
        Stopwatch watch = new Stopwatch();
        while (watch.seconds() < settings.warmUpSeconds()) {
            prefill(settings.prompt());
            run.run();
        }
    }

    private Rate prompt() {
        progress.accept("prompt of %d tokens".formatted(settings.prompt()));
        return Rate.measure(settings.runs(), settings.prompt(), () -> prefill(settings.prompt()));
    }

    private void prefill(int count) {
        int[] prompt = RandomBase.tokens(transformer.config(), count, 1);
        Segment segment = Segment.prefill(prompt, 0, transformer.allocateKvCache(count), Optional.empty());
        new NextLogits(backend, transformer).feed(List.of(new Feed(segment, new Feed.Last(_ -> {}))));
    }

    private List<Generation> generation(Ceilings ceilings) {
        return settings.depths().stream()
                .map(depth -> generation(depth, ceilings))
                .toList();
    }

    private Generation generation(int depth, Ceilings ceilings) {
        progress.accept("generation at depth %d".formatted(depth));
        var run = new GenerationRun(backend, transformer, List.of(Optional.empty()), depth, settings.tokens());
        Rate rate = Rate.measure(settings.runs(), run.tokens(), run);
        long bytes = memory.tokenBytes() + run.contextBytes();
        double limit = 1e9 * ceilings.dramReadGigabytesPerSecond().max() / bytes;
        return new Generation(depth, bytes, rate, rate.median() / limit);
    }
}
