package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft promote}. */
@Command(name = "promote", description = "Serve a retained version.")
final class PromoteCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    @Option(names = "--to", required = true, paramLabel = "N", description = "Version to serve.")
    private int to;

    PromoteCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        change.change(terminal, "promote", OptionalInt.of(to));
        return ErrorTable.OK;
    }
}
