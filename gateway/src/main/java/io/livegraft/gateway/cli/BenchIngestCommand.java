package io.livegraft.gateway.cli;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.bench.IngestBench;
import io.livegraft.actors.bench.IngestBenchSettings;
import io.livegraft.actors.bench.IngestReport;
import io.livegraft.gateway.error.ErrorTable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench ingest}: how fast records get from a broker to their trainers, without training. */
@Command(
        name = "ingest",
        description = {
            "Measure how fast feedback gets from a broker in this process to its tenants' trainers: decoded, checked, tokenized,",
            "routed and taken, without training; beside a bare consumer that polls the same log and decodes nothing."
        })
final class BenchIngestCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private BundledBase base = new BundledBase();

    @Option(names = "--records", paramLabel = "N", description = "Records of the log (default: ${DEFAULT-VALUE}).")
    private long records = 1_000_000;

    @Option(names = "--tenants", paramLabel = "N", description = "Tenants they belong to (default: ${DEFAULT-VALUE}).")
    private int tenants = 1_000;

    @Option(names = "--partitions", paramLabel = "N", description = "Of the topic (default: ${DEFAULT-VALUE}).")
    private int partitions = 3;

    @Option(
            names = "--no-tokenizer",
            description = "Take each byte for a token: what remains without the tokenizer's cost.")
    private boolean noTokenizer;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the log is written; some 300 bytes a record (default: the system's for such files).")
    private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    BenchIngestCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Path located = base.directory(ConfigFactory.load());
        try (ScratchDirectory scratch = ScratchDirectory.in(directory)) {
            IngestReport report = IngestBench.run(
                    new IngestBenchSettings(located, scratch.path(), records, tenants, partitions, !noTokenizer),
                    line -> terminal.err().println(line));
            print(report);
            if (json) {
                terminal.json(json(report));
            }
        }
        return ErrorTable.OK;
    }

    private void print(IngestReport report) {
        var out = terminal.out();
        out.println(BenchOptions.line(report.machine()));
        out.printf(
                "%,d records of %.0f bytes, %,d tenants, %d partitions; written at %,.0f a second%n",
                records, report.recordBytes(), tenants, partitions, report.writtenPerSecond());
        out.printf(
                "ingest %s a tokenizer %,.0f records per second: %.2f of the %,.0f of a bare consumer%n",
                noTokenizer ? "without" : "with",
                report.recordsPerSecond(),
                report.ratio(),
                report.bareRecordsPerSecond());
        report.milestones()
                .forEach(milestone -> out.printf(
                        "  at %,d: %,.0f per second, heap %.1f MB%n",
                        milestone.records(), milestone.recordsPerSecond(), milestone.heapBytes() / 1e6));
    }

    private Map<String, Object> json(IngestReport report) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", report.machine());
        json.put("records", records);
        json.put("recordBytes", report.recordBytes());
        json.put("tenants", tenants);
        json.put("partitions", partitions);
        json.put("tokenizing", !noTokenizer);
        json.put("writtenPerSecond", report.writtenPerSecond());
        json.put("bareRecordsPerSecond", report.bareRecordsPerSecond());
        json.put("recordsPerSecond", report.recordsPerSecond());
        json.put("ratio", report.ratio());
        json.put("milestones", report.milestones());
        return json;
    }
}
