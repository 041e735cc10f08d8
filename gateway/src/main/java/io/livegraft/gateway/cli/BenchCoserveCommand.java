package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.bench.CoserveBench;
import io.livegraft.actors.bench.CoserveReport;
import io.livegraft.actors.trainer.TrainerSettings;
import io.livegraft.gateway.error.ErrorTable;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench coserve}: what training beside answers costs them, and what is left of it. */
@Command(
        name = "coserve",
        description = "Measure answers and training on one device, each alone and both at several shares of its time.")
final class BenchCoserveCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private BundledBase base = new BundledBase();

    @Option(names = "--streams", paramLabel = "N", description = "Answers made at once (default: ${DEFAULT-VALUE}).")
    private int streams = 4;

    @Option(names = "--tokens", paramLabel = "N", description = "Of an answer, at most (default: ${DEFAULT-VALUE}).")
    private int tokens = 128;

    @Option(names = "--step-tokens", paramLabel = "N", description = "Of a step (default: ${DEFAULT-VALUE}).")
    private int stepTokens = 256;

    @Option(names = "--seconds", paramLabel = "N", description = "Of each part (default: ${DEFAULT-VALUE}).")
    private int seconds = 5;

    @Option(
            names = "--shares",
            split = ",",
            paramLabel = "S",
            description = "Values of livegraft.device.training-share (default: ${DEFAULT-VALUE}).")
    private List<Double> shares = List.of(0.1, 0.25, 0.5, 1.0);

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    BenchCoserveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Config loaded = ConfigFactory.load();
        CoserveReport report = CoserveBench.run(
                base.engine(loaded),
                TrainerSettings.from(loaded.getConfig("livegraft")).lora(),
                new CoserveBench.Load(streams, tokens, stepTokens, Duration.ofSeconds(seconds), shares));
        PrintWriter out = terminal.out();
        out.println(BenchOptions.line(report.machine()));
        out.printf(
                "%d answers at once; steps of %d tokens in slices of %d: %.0f tokens per second without answers%n",
                report.streams(), report.stepTokens(), report.sliceTokens(), report.trainingAloneTokensPerSecond());
        print(out, report.alone());
        report.beside().forEach(run -> print(out, run));
        if (json) {
            terminal.json(report);
        }
        return ErrorTable.OK;
    }

    private static void print(PrintWriter out, CoserveReport.Run run) {
        out.printf(
                "training's share %.2f: %.0f tokens per second; between two of an answer %.2f ms, p90 %.2f, p99 %.2f;"
                        + " trained %.0f tokens per second%n",
                run.share(),
                run.tokensPerSecond(),
                run.medianMillis(),
                run.p90Millis(),
                run.p99Millis(),
                run.trainedTokensPerSecond());
    }
}
