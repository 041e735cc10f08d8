package io.livegraft.gateway.cli;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.bench.Rate;
import io.livegraft.gpu.bench.TrainBench;
import io.livegraft.gpu.bench.TrainBenchSettings;
import io.livegraft.gpu.bench.TrainReport;
import io.livegraft.gpu.engine.EngineSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench train}: how fast this machine takes QLoRA steps. */
@Command(
        name = "train",
        description = {
            "Measure QLoRA steps on random tokens and weights: forward, backward and optimizer.",
            "Slices and gradient checkpointing are those of livegraft.engine."
        })
final class BenchTrainCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(names = "--context", paramLabel = "N", description = "Tokens of a sequence (default: ${DEFAULT-VALUE}).")
    private int context = 256;

    @Option(names = "--sequences", paramLabel = "N", description = "Sequences of a step (default: ${DEFAULT-VALUE}).")
    private int sequences = 8;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Measured steps, after a first one (default: ${DEFAULT-VALUE}).")
    private int steps = 3;

    BenchTrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        options.check();
        EngineSettings engine = EngineSettings.from(ConfigFactory.load().getConfig("livegraft.engine"));
        TrainBenchSettings settings = new TrainBenchSettings(
                options.shape(),
                options.device(),
                options.threads(),
                context,
                options.rank(),
                sequences,
                steps,
                options.warmUpSeconds(),
                options.precision(),
                options.kernels(),
                engine.sliceTokens(),
                engine.checkpointing());
        TrainReport report = TrainBench.run(settings, line -> terminal.err().println(line));
        print(report);
        options.give(terminal, json(report));
        return ErrorTable.OK;
    }

    private void print(TrainReport report) {
        TrainBenchSettings settings = report.settings();
        var out = terminal.out();
        out.printf(
                "shape %s of random weights in %s, %d threads; rank %d, %,d trainable parameters%n",
                settings.shape().label(),
                settings.precision(),
                settings.threads(),
                settings.rank(),
                report.trainableParameters());
        out.println(BenchOptions.line(report.machine()));
        out.printf("%s%n", report.kernels());
        out.printf(
                "steps of %d x %d tokens in slices of %d, gradient checkpointing %s%n",
                settings.sequences(), settings.context(), settings.sliceTokens(), report.checkpointing());
        Rate rate = report.tokensPerSecond();
        out.printf(
                "training %.1f tokens per second (%.1f to %.1f): forward and backward %.3f s a step, optimizer %.3f s%n",
                rate.median(), rate.min(), rate.max(), report.passSeconds(), report.optimizerSeconds());
        Rate forward = report.forwardTokensPerSecond();
        out.printf(
                "forward alone %.1f tokens per second (%.1f to %.1f)%n",
                forward.median(), forward.min(), forward.max());
        out.printf(
                "memory: weights %s%s%n",
                QualityTable.size(report.modelBytes()),
                BenchOptions.resident("; the process had at most", report.peakResidentBytes()));
        report.deviceMemory().ifPresent(use -> out.println(BenchOptions.line(use)));
    }

    private static Map<String, Object> json(TrainReport report) {
        TrainBenchSettings settings = report.settings();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", report.machine());
        json.put("shape", settings.shape().label());
        json.put("precision", settings.precision().toString());
        json.put("kernels", report.kernels());
        json.put("threads", settings.threads());
        json.put("contextTokens", settings.context());
        json.put("sequences", settings.sequences());
        json.put("rank", settings.rank());
        json.put("sliceTokens", settings.sliceTokens());
        json.put("gradientCheckpointing", report.checkpointing().toString());
        json.put("trainableParameters", report.trainableParameters());
        json.put("tokensPerSecond", report.tokensPerSecond());
        json.put("forwardTokensPerSecond", report.forwardTokensPerSecond());
        json.put("passSeconds", report.passSeconds());
        json.put("optimizerSeconds", report.optimizerSeconds());
        json.put("modelBytes", report.modelBytes());
        report.peakResidentBytes().ifPresent(bytes -> json.put("peakResidentBytes", bytes));
        report.deviceMemory().ifPresent(use -> json.put("deviceMemory", use));
        return json;
    }
}
