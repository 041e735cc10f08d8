package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft rollback}. */
@Command(
        name = "rollback",
        description =
                "Serve a retained version again (the previous one unless --to says which) and hold publishing, or the next step would undo it.")
final class RollbackCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    @Option(names = "--to", paramLabel = "N", description = "Version to serve; 0 is the base alone.")
    private Optional<Integer> to = Optional.empty();

    RollbackCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        change.change(terminal, "rollback", to.map(OptionalInt::of).orElse(OptionalInt.empty()));
        return ErrorTable.OK;
    }
}
