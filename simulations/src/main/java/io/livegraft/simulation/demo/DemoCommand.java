package io.livegraft.simulation.demo;

import io.livegraft.gateway.cli.LocalNode;
import io.livegraft.gateway.cli.LocalNodeOptions;
import io.livegraft.simulation.feedback.CsvColumns;
import io.livegraft.simulation.feedback.CsvFeedback;
import io.livegraft.simulation.feedback.HouseStyles;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft demo}: the whole loop in one command. */
@Command(
        name = "demo",
        description = {
            "Tell the whole story on this machine: three tenants, feedback through Kafka, versions published and swapped",
            "while requests run, answers before and after, a rollback that brings the old answers back.",
            "A story that was cut off goes on where it stopped when it is started again with the same options."
        })
public final class DemoCommand implements Callable<Integer> {
    private static final int PASSED = 0;
    private static final int FAILED = 1;
    private static final int HOUSES = 3;
    private static final int HOUSE_EVENTS = 900;
    private static final int CSV_EVENTS = 2_400;
    private static final double HOUSE_RATE = 20;
    private static final double CSV_RATE = 40;
    private static final Duration READY = Duration.ofMinutes(2);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--exit", description = "End when the story ends; otherwise stay up until Ctrl-C.")
    private boolean exit;

    @Option(names = "--json", description = "Print the report as one JSON object as the last line.")
    private boolean json;

    @Option(names = "--base", paramLabel = "BASE", description = "Directory or hub name (default: the bundled one).")
    private Optional<Path> base = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "FILE.csv",
            description = "Feedback from a CSV file with a header instead of the made-up houses.")
    private Optional<Path> data = Optional.empty();

    @Option(names = "--prompt-column", paramLabel = "NAME", description = "Column of the text (default: text).")
    private String promptColumn = CsvColumns.DEFAULT.prompt();

    @Option(
            names = "--completion-column",
            paramLabel = "NAME",
            description = "Column of what to answer (default: category).")
    private String completionColumn = CsvColumns.DEFAULT.completion();

    @Option(
            names = "--events",
            paramLabel = "N",
            description = "Events in all (default: 900, of a CSV file 2400; 0: all rows of the file).")
    private Optional<Integer> events = Optional.empty();

    @Option(names = "--rate", paramLabel = "N", description = "Events a second (default: 20, of a CSV file 60).")
    private Optional<Double> rate = Optional.empty();

    @Option(names = "--seed", paramLabel = "S", description = "Of the made-up events, or the order of the rows (7).")
    private long seed = 7;

    @Option(names = "--state", paramLabel = "DIR", description = "State directory (default: ${DEFAULT-VALUE}).")
    private Path state = Path.of(".livegraft", "demo");

    @Option(names = "--port", paramLabel = "N", description = "HTTP port; 0 takes a free one (default: 8080).")
    private int port = 8080;

    @Option(names = "--kafka-port", paramLabel = "N", description = "Broker port (default: 0, a free one).")
    private int kafkaPort;

    @Option(names = "--precision", paramLabel = "P", description = "nf4, bf16 or fp32.")
    private Optional<String> precision = Optional.empty();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Progress progress = new Progress(out, System.nanoTime());
        double perSecond = perSecond();
        List<TenantFeedback> tenants = tenants();
        try (StoryFile file = StoryFile.open(state, settings())) {
            progress.say(
                    file.resumed()
                            ? "resuming the story in %s, which was cut off".formatted(state)
                            : "starting a story in %s".formatted(state));
            LocalNode node = open(file);
            AtomicBoolean closed = new AtomicBoolean();
            Runnable closing = () -> {
                if (closed.compareAndSet(false, true)) {
                    node.close();
                }
            };
            Runtime.getRuntime().addShutdownHook(new Thread(closing, "livegraft-demo-end"));
            try {
                DemoReport report = tell(node, tenants, perSecond, file, progress);
                print(report, node, tenants.getFirst());
                if (!exit) {
                    stay();
                }
                return report.problems().isEmpty() ? PASSED : FAILED;
            } finally {
                closing.run();
            }
        }
    }

    /** A fresh story that gets no node has not begun: other options may be tried at once. */
    private LocalNode open(StoryFile file) {
        try {
            return LocalNode.open(nodeOptions(file.node()));
        } catch (RuntimeException refused) {
            if (!file.resumed()) {
                file.abandon();
            }
            throw refused;
        }
    }

    private DemoReport tell(
            LocalNode node, List<TenantFeedback> tenants, double perSecond, StoryFile file, Progress progress) {
        DemoText.addresses(spec.commandLine().getOut(), node);
        try (NodeClient client = new NodeClient(node.address());
                EventStream stream = new EventStream(node.kafkaBootstrapServers())) {
            client.awaitReady(READY);
            DemoReport report = new DemoStory(tenants, client, stream, file, progress).tell(perSecond);
            file.done();
            return report;
        }
    }

    private void print(DemoReport report, LocalNode node, TenantFeedback tenant) {
        PrintWriter out = spec.commandLine().getOut();
        DemoText.report(out, report);
        if (!exit) {
            DemoText.tryIt(out, node, tenant);
        }
        if (json) {
            out.println(report.json());
        }
        out.flush();
        report.problems().stream().findFirst().ifPresent(problem -> spec.commandLine()
                .getErr()
                .println("livegraft: the story failed (%d problems): %s"
                        .formatted(report.problems().size(), problem)));
    }

    /** Until the process is asked to end; the node then ends in the shutdown hook. */
    private static void stay() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private List<TenantFeedback> tenants() {
        int asked = events.orElseGet(() -> data.isPresent() ? CSV_EVENTS : HOUSE_EVENTS);
        if (data.isPresent()) {
            require(asked >= 0, "--events is %d, expected 0 (all) or more".formatted(asked));
            return new CsvFeedback(data.get(), columns(), seed).tenants(asked);
        }
        require(asked >= HOUSES, "--events is %d, expected at least %d".formatted(asked, HOUSES));
        return HouseStyles.tenants(asked / HOUSES, seed);
    }

    private double perSecond() {
        double perSecond = rate.orElseGet(() -> data.isPresent() ? CSV_RATE : HOUSE_RATE);
        require(perSecond > 0 && perSecond <= 100_000, "--rate is %s, expected above 0".formatted(perSecond));
        return perSecond;
    }

    private CsvColumns columns() {
        return new CsvColumns(promptColumn, completionColumn);
    }

    private StorySettings settings() {
        return new StorySettings(
                base.map(DemoCommand::absolute).orElse(""),
                data.map(DemoCommand::absolute).orElse(""),
                columns(),
                events.orElseGet(() -> data.isPresent() ? CSV_EVENTS : HOUSE_EVENTS),
                precision.orElse(""),
                seed);
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    private LocalNodeOptions nodeOptions(Path stateDirectory) {
        return new LocalNodeOptions(
                base,
                stateDirectory,
                port,
                kafkaPort,
                precision,
                Map.of(
                        "livegraft.kafka.feedback-topic", EventStream.FEEDBACK_TOPIC,
                        "livegraft.kafka.dead-letter-topic", EventStream.DEAD_LETTER_TOPIC));
    }

    private void require(boolean held, String message) {
        if (!held) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
