package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.bench.CycleBench;
import io.livegraft.actors.bench.CycleReport;
import io.livegraft.actors.trainer.TrainerSettings;
import io.livegraft.gateway.error.ErrorTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench cycle}: what tenants gain whose steps share passes over the base. */
@Command(
        name = "cycle",
        description = "Measure steps of several tenants, one by one and in passes over the base that they share.")
final class BenchCycleCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private BundledBase base = new BundledBase();

    @Option(names = "--tenants", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int tenants = 8;

    @Option(names = "--examples", paramLabel = "N", description = "Of a step (default: ${DEFAULT-VALUE}).")
    private int examples = 1;

    @Option(names = "--tokens", paramLabel = "N", description = "Of an example (default: ${DEFAULT-VALUE}).")
    private int tokens = 24;

    @Option(names = "--steps", paramLabel = "N", description = "Of each tenant (default: ${DEFAULT-VALUE}).")
    private int steps = 20;

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    BenchCycleCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Config loaded = ConfigFactory.load();
        CycleReport report = CycleBench.run(
                base.engine(loaded),
                TrainerSettings.from(loaded.getConfig("livegraft")).lora(),
                tenants,
                examples,
                tokens,
                steps);
        var out = terminal.out();
        out.println(BenchOptions.line(report.machine()));
        out.printf(
                "%d tenants, steps of %d tokens: %.1f steps per second alone, %.1f together (%.2f times), %s bits%n",
                report.tenants(),
                report.stepTokens(),
                report.aloneStepsPerSecond(),
                report.togetherStepsPerSecond(),
                report.gain(),
                report.sameBits() ? "the same" : "OTHER");
        if (json) {
            terminal.json(report);
        }
        return ErrorTable.OK;
    }
}
