package io.livegraft.gateway.cli;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.bench.IngestBenchSettings;
import io.livegraft.actors.bench.TenantsBench;
import io.livegraft.actors.bench.TenantsReport;
import io.livegraft.actors.bench.WakeSettings;
import io.livegraft.gateway.error.ErrorTable;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench tenants}: what tenants cost that have nothing to do, and how fast they wake. */
@Command(
        name = "tenants",
        description = {
            "Measure the heap that ingest needs for tenants at rest, and how fast their trainers wake from their checkpoints."
        })
final class BenchTenantsCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private BundledBase base = new BundledBase();

    @Option(names = "--tenants", paramLabel = "N", description = "With a checkpoint each (default: ${DEFAULT-VALUE}).")
    private int tenants = 10_000;

    @Option(names = "--wakes", paramLabel = "N", description = "Events that wake them (default: ${DEFAULT-VALUE}).")
    private int wakes = 1_000;

    @Option(
            names = "--apart",
            paramLabel = "MS",
            description = "Between two of those events (default: ${DEFAULT-VALUE}).")
    private int apartMillis = 50;

    @Option(
            names = "--whole-adapters",
            description = "Adapters as livegraft.lora has them; without, the smallest there are.")
    private boolean wholeAdapters;

    @Option(names = "--partitions", paramLabel = "N", description = "Of the topic (default: ${DEFAULT-VALUE}).")
    private int partitions = 3;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the log and the checkpoints are written (default: the system's for such files).")
    private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    BenchTenantsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Path located = base.directory(ConfigFactory.load());
        try (ScratchDirectory scratch = ScratchDirectory.in(directory)) {
            TenantsReport report = TenantsBench.run(
                    new IngestBenchSettings(located, scratch.path(), tenants, tenants, partitions, true),
                    new WakeSettings(wakes, apartMillis, wholeAdapters),
                    line -> terminal.err().println(line));
            print(report);
            if (json) {
                terminal.json(report);
            }
        }
        return ErrorTable.OK;
    }

    private void print(TenantsReport report) {
        var out = terminal.out();
        out.println(BenchOptions.line(report.machine()));
        out.printf(
                "%,d tenants at rest: %.0f bytes of heap each; reading begins %.2f s after the start%n",
                report.tenants(), report.heapBytesPerTenant(), report.startSeconds());
        out.printf(
                "%,d woken from checkpoints of %.1f kB, %d ms apart: half within %.1f ms, 9 of 10 within %.1f ms, 99 of 100 within %.1f ms%n",
                report.wakes(),
                report.checkpointBytes() / 1e3,
                report.apartMillis(),
                report.wakeSeconds50() * 1e3,
                report.wakeSeconds90() * 1e3,
                report.wakeSeconds99() * 1e3);
    }
}
