package io.livegraft.simulation;

import io.livegraft.gateway.cli.CommandProvider;
import io.livegraft.simulation.corpus.CorpusCommand;
import io.livegraft.simulation.crash.CrashCommand;
import io.livegraft.simulation.crash.ZombieCommand;
import io.livegraft.simulation.demo.DemoCommand;
import io.livegraft.simulation.load.LoadCommand;
import io.livegraft.simulation.swap.CostCommand;
import io.livegraft.simulation.swap.SwapCommand;
import java.util.List;
import picocli.CommandLine;

/** {@code livegraft demo} and {@code livegraft sim}. */
public final class SimulationCommands implements CommandProvider {
    @Override
    public List<Object> commands() {
        CommandLine sim = new CommandLine(new SimCommand())
                .addSubcommand(new CorpusCommand())
                .addSubcommand(new LoadCommand())
                .addSubcommand(new CrashCommand())
                .addSubcommand(new ZombieCommand())
                .addSubcommand(new SwapCommand())
                .addSubcommand(new CostCommand())
                .addSubcommand(UnbuiltSimulation.named("fuzz", "Send what no client should."))
                .addSubcommand(UnbuiltSimulation.named("tenants", "Many tenants, a few of them busy."));
        return List.of(new DemoCommand(), sim);
    }
}
