package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft sim zombie}. */
@Command(
        name = "zombie",
        description = {
            "Pause (SIGSTOP) the one of two nodes that has a tenant's partition again and again, let it wake (SIGCONT) when the",
            "other has published for that tenant, and count what the zombie still publishes. Every accepted version must be in",
            "one chain whose epochs never go down, every final checkpoint the oracle's. Ends with 0 when it is so.",
            "The nodes share the empty PostgreSQL of LIVEGRAFT_DATABASE_URL, _USER and _PASSWORD."
        })
public final class ZombieCommand implements Callable<Integer> {
    private static final int PASSED = 0;
    private static final int FAILED = 1;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--tries", paramLabel = "N", description = "How often (default: ${DEFAULT-VALUE}).")
    private int tries = 10;

    @Option(names = "--kill", description = "Kill the node (SIGKILL) instead; it is started again.")
    private boolean kill;

    @Option(names = "--seed", paramLabel = "S", description = "Of events and moments (default: a new one, printed).")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--tenants", paramLabel = "T", description = "Tenants (default: ${DEFAULT-VALUE}).")
    private int tenants = 3;

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
        RegistryServer registry = RegistryServer.fromEnvironment();
        require(
                registry.url().startsWith("jdbc:postgresql:"),
                "LIVEGRAFT_DATABASE_URL is '%s', expected jdbc:postgresql://HOST:PORT/DATABASE"
                        .formatted(registry.url()));
        List<Fault> faults = Collections.nCopies(tries, kill ? Fault.KILLED : Fault.PAUSED);
        PrintWriter console = spec.commandLine().getOut();
        TakeoverReport report = new TakeoverRun(run, faults, registry, line -> {
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
        require(tries >= 1, "--tries is %d, expected 1 or more".formatted(tries));
        require(tenants >= 1 && tenants <= 100, "--tenants is %d, expected 1 to 100".formatted(tenants));
        return new CrashSettings(
                tries,
                seed.orElseGet(System::nanoTime),
                tenants,
                TakeoverRun.events(tries),
                base.orElseGet(RunDirectory::bundledBase).toAbsolutePath().normalize(),
                directory());
    }

    private Path directory() {
        try {
            return RunDirectory.make(out, "livegraft-zombie-");
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
