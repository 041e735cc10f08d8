package io.livegraft.gateway.cli;

import picocli.CommandLine.Command;

/** {@code livegraft feedback}: its subcommands do the work. */
@Command(name = "feedback", description = "Send feedback events.")
final class FeedbackCommand {}
