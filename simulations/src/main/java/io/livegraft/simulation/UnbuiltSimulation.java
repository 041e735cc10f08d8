package io.livegraft.simulation;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** A simulation that is settled but not built: takes any arguments, says so and exits with 2. */
final class UnbuiltSimulation {
    private static final int USAGE = 2;

    private UnbuiltSimulation() {}

    static CommandLine named(String name, String description) {
        Refusal refusal = new Refusal(name);
        CommandSpec spec = CommandSpec.wrapWithoutInspection(refusal);
        spec.name(name);
        spec.usageMessage().description(description + " Not built yet.");
        CommandLine line = new CommandLine(spec).setUnmatchedArgumentsAllowed(true);
        refusal.on = line;
        return line;
    }

    private static final class Refusal implements Callable<Integer> {
        private final String name;
        private CommandLine on = new CommandLine(CommandSpec.create());

        Refusal(String name) {
            this.name = name;
        }

        @Override
        public Integer call() {
            on.getErr().println("livegraft: sim %s is not built yet".formatted(name));
            return USAGE;
        }
    }
}
