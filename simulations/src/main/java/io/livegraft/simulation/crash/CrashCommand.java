package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft sim crash}. */
@Command(
        name = "crash",
        description = {
            "Kill a node (kill -9) again and again while feedback comes in, and count what is lost or applied twice.",
            "Real processes, a real broker that lives; at the end an oracle of one thread replays the log and every",
            "tenant's final checkpoint must be its own, bit for bit. Ends with 0 when it is."
        })
public final class CrashCommand implements Callable<Integer> {
    private static final int PASSED = 0;
    private static final int FAILED = 1;
    private static final int EVENTS_PER_KILL = 10;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--kills", paramLabel = "N", description = "How often (default: ${DEFAULT-VALUE}).")
    private int kills = 30;

    @Option(names = "--seed", paramLabel = "S", description = "Of events and moments (default: a new one, printed).")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--tenants", paramLabel = "T", description = "Tenants (default: ${DEFAULT-VALUE}).")
    private int tenants = 3;

    @Option(
            names = "--events",
            paramLabel = "E",
            description = "Records sent, some of them duplicates, some bad (default: 10 for each kill).")
    private Optional<Integer> events = Optional.empty();

    @Option(names = "--base", paramLabel = "DIR", description = "Base (default: the bundled one).")
    private Optional<Path> base = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "New folder of all that is written (default: a temporary one, deleted where all held).")
    private Optional<Path> out = Optional.empty();

    @Option(names = "--json", description = "Print the report as one JSON object as the last line.")
    private boolean json;

    @Override
    public Integer call() {
        CrashSettings run = settings();
        PrintWriter console = spec.commandLine().getOut();
        CrashReport report = new CrashRun(run, line -> {
                    console.println("  " + line);
                    console.flush();
                })
                .run();
        console.println(report.text());
        if (json) {
            console.println(report.json());
        }
        console.flush();
        report.problems().forEach(problem -> spec.commandLine().getErr().println("livegraft: " + problem));
        if (report.problems().isEmpty() && out.isEmpty()) {
            RunDirectory.delete(run.directory());
        }
        return report.problems().isEmpty() ? PASSED : FAILED;
    }

    private CrashSettings settings() {
        int records = events.orElse(Math.max(100, kills * EVENTS_PER_KILL));
        require(kills >= 0, "--kills is %d, expected 0 or more".formatted(kills));
        require(tenants >= 1 && tenants <= 100, "--tenants is %d, expected 1 to 100".formatted(tenants));
        require(
                records >= tenants * 10,
                "--events is %d, expected at least %d, 10 for each tenant".formatted(records, tenants * 10));
        return new CrashSettings(
                kills,
                seed.orElseGet(System::nanoTime),
                tenants,
                records,
                base.orElseGet(RunDirectory::bundledBase).toAbsolutePath().normalize(),
                directory());
    }

    private Path directory() {
        try {
            return RunDirectory.make(out, "livegraft-crash-");
        } catch (IOException broken) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "the run's folder can't be made: " + broken, broken);
        }
    }

    private void require(boolean held, String message) {
        if (!held) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
