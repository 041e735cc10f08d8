package io.livegraft.gateway.cli;

import picocli.CommandLine.Command;

/** {@code livegraft bench}: its subcommands do the work. */
@Command(name = "bench", description = "Measure the product.")
final class BenchCommand {}
