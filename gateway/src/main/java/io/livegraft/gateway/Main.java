package io.livegraft.gateway;

import io.livegraft.gateway.cli.Livegraft;

/** The process: one command, its exit code. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(Livegraft.run(arguments));
    }
}
