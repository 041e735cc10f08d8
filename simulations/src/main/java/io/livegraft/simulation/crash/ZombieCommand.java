package io.livegraft.simulation.crash;

import io.livegraft.simulation.run.RunOptions;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
    @Mixin
    private RunOptions options = new RunOptions(3);

    @Option(names = "--tries", paramLabel = "N", description = "How often (default: ${DEFAULT-VALUE}).")
    private int tries = 10;

    @Option(names = "--kill", description = "Kill the node (SIGKILL) instead; it is started again.")
    private boolean kill;

    @Override
    public Integer call() {
        options.require(tries >= 1, "--tries is %d, expected 1 or more".formatted(tries));
        options.tenants();
        RegistryServer registry = RegistryServer.fromEnvironment();
        options.require(
                registry.url().startsWith("jdbc:postgresql:"),
                "LIVEGRAFT_DATABASE_URL is '%s', expected jdbc:postgresql://HOST:PORT/DATABASE"
                        .formatted(registry.url()));
        CrashSettings run = CrashSettings.of(options, tries, TakeoverRun.events(tries), 0, "livegraft-zombie-");
        List<Fault> faults = Collections.nCopies(tries, kill ? Fault.KILLED : Fault.PAUSED);
        return options.tell(run.directory(), progress -> new TakeoverRun(run, faults, registry, progress).run());
    }
}
