package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code livegraft hold}. */
@Command(name = "hold", description = "Keep new versions of a tenant from serving; they become candidates.")
final class HoldCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    HoldCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        change.change(terminal, "hold", OptionalInt.empty());
        return ErrorTable.OK;
    }
}
