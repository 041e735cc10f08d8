package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** A verb that is settled but not built: takes any arguments, says so and exits with 2. */
final class UnbuiltCommand {
    private UnbuiltCommand() {}

    static List<CommandLine> all(Terminal terminal) {
        return List.of(
                unbuilt(terminal, "reset", "Make a tenant's training start over from a retained version."),
                unbuilt(terminal, "forget", "Unlearn a subject's events exactly, by replay without them."),
                unbuilt(terminal, "rebuild", "Rebuild a version from the log; --verify compares the digests."));
    }

    private static CommandLine unbuilt(Terminal terminal, String verb, String description) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection((Callable<Integer>) () -> refuse(terminal, verb));
        spec.name(verb);
        spec.usageMessage().description(description + " Not built yet.");
        return new CommandLine(spec).setUnmatchedArgumentsAllowed(true);
    }

    private static int refuse(Terminal terminal, String what) {
        terminal.err().println("livegraft: %s is not built yet".formatted(what));
        return ErrorTable.USAGE;
    }
}
