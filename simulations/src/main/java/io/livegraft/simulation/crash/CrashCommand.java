package io.livegraft.simulation.crash;

import io.livegraft.simulation.run.RunOptions;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft sim crash}. */
@Command(
        name = "crash",
        description = {
            "Kill a node (kill -9) again and again while feedback comes in, and count what is lost or applied twice.",
            "Real processes, a real broker that lives; at the end an oracle of one thread replays the log and every",
            "tenant's final checkpoint must be its own, bit for bit. Ends with 0 when it is."
        })
public final class CrashCommand implements Callable<Integer> {
    private static final int EVENTS_PER_KILL = 10;

    @Mixin
    private RunOptions options = new RunOptions(3);

    @Option(names = "--kills", paramLabel = "N", description = "How often (default: ${DEFAULT-VALUE}).")
    private int kills = 30;

    @Option(
            names = "--events",
            paramLabel = "E",
            description = "Records sent, some of them duplicates, some bad (default: 10 for each kill).")
    private Optional<Integer> events = Optional.empty();

    @Option(
            names = "--controls",
            paramLabel = "C",
            description =
                    "How many of them, about, are forgets, resets and configurations (default: ${DEFAULT-VALUE}).")
    private int controls = 24;

    @Override
    public Integer call() {
        options.require(controls >= 0, "--controls is %d, expected 0 or more".formatted(controls));
        int records = events.orElse(Math.max(100, kills * EVENTS_PER_KILL));
        options.require(kills >= 0, "--kills is %d, expected 0 or more".formatted(kills));
        int least = options.tenants() * 10;
        options.require(
                records >= least, "--events is %d, expected at least %d, 10 for each tenant".formatted(records, least));
        CrashSettings run = CrashSettings.of(options, kills, records, controls, "livegraft-crash-");
        return options.tell(run.directory(), progress -> new CrashRun(run, progress).run());
    }
}
