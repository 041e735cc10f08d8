package io.livegraft.simulation;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft sim}: needs one of its own commands. */
@Command(name = "sim", description = "Load, faults and generators, from outside the node.")
final class SimCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(),
                "sim needs one of " + String.join(", ", spec.subcommands().keySet()));
    }
}
