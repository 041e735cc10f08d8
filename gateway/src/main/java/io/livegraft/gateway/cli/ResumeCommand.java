package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code livegraft resume}. */
@Command(name = "resume", description = "Let a tenant's new versions serve again.")
final class ResumeCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    ResumeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        change.change(terminal, "resume", OptionalInt.empty());
        return ErrorTable.OK;
    }
}
