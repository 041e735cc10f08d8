package io.livegraft.simulation.run;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the verbs that run real processes have in common: what they run on, and how they tell what they found. */
public final class RunOptions {
    private static final int PASSED = 0;
    private static final int FAILED = 1;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--seed", paramLabel = "S", description = "Of events and moments (default: a new one, printed).")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--tenants", paramLabel = "T", description = "Tenants (default: ${DEFAULT-VALUE}).")
    private int tenants;

    @Option(names = "--base", paramLabel = "DIR", description = "Base (default: the bundled one).")
    private Optional<Path> base = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "New folder of all that is written (default: a temporary one, deleted where all held).")
    private Optional<Path> out = Optional.empty();

    @Option(names = "--json", description = "Print the report as one JSON object as the last line.")
    private boolean json;

    /** {@code tenants} where the option names no other number. */
    public RunOptions(int tenants) {
        this.tenants = tenants;
    }

    public int tenants() {
        require(tenants >= 1 && tenants <= 100, "--tenants is %d, expected 1 to 100".formatted(tenants));
        return tenants;
    }

    /** Refuses the command line as wrong where something that it must hold does not. */
    public void require(boolean held, String message) {
        if (!held) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    /** Another one at each call where none is named. */
    public long seed() {
        return seed.orElseGet(System::nanoTime);
    }

    public Path base() {
        return base.orElseGet(RunDirectory::bundledBase).toAbsolutePath().normalize();
    }

    /** Makes it; {@code folder} begins the name of a temporary one. */
    public Path directory(String folder) {
        try {
            return RunDirectory.make(out, folder);
        } catch (IOException broken) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "the run's folder can't be made: " + broken, broken);
        }
    }

    /**
     * Runs, tells what was found and returns the exit code.
     *
     * @param directory deleted where all held, unless it was named
     * @param running is given where its progress goes
     */
    public int tell(Path directory, Function<Consumer<String>, Report> running) {
        PrintWriter console = spec.commandLine().getOut();
        Report report = running.apply(line -> {
            console.println("  " + line);
            console.flush();
        });
        console.println(report.text());
        if (json) {
            console.println(report.json());
        }
        console.flush();
        report.problems().forEach(problem -> spec.commandLine().getErr().println("livegraft: " + problem));
        if (report.problems().isEmpty() && out.isEmpty()) {
            RunDirectory.delete(directory);
        }
        return report.problems().isEmpty() ? PASSED : FAILED;
    }
}
