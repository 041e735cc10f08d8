package io.livegraft.gateway.cli;

import com.typesafe.config.ConfigException;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.SequencedMap;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code livegraft} itself: collects the verbs, turns every failure into one line and an exit code. */
@Command(
        name = "livegraft",
        mixinStandardHelpOptions = true,
        version = "livegraft 0.1.0",
        description =
                "One base model in 4 bits, one adapter per tenant, trained from a feedback stream and served at once.",
        footer = {
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage or not built yet, 3 bad input, 4 port in use, 5 unavailable.",
            "In a checkout, livegraft test builds everything and runs all tests.",
            "Every command takes --help; with --json the last line of standard output is one JSON object."
        })
public final class Livegraft {
    private static final Logger LOG = LoggerFactory.getLogger(Livegraft.class);

    private Livegraft() {}

    /** Runs one command of this process; the result is its exit code. */
    public static int run(String... arguments) {
        return commandLine(Terminal.ofProcess(), ServiceLoader.load(CommandProvider.class), arguments)
                .execute(arguments);
    }

    /** Knows the verb that the arguments begin with, and all verbs where that is none of this module's. */
    static CommandLine commandLine(Terminal terminal, Iterable<CommandProvider> providers, String... arguments) {
        var line = new CommandLine(new Livegraft());
        SequencedMap<String, Supplier<CommandLine>> verbs = Verbs.of(terminal);
        boolean known = arguments.length > 0 && verbs.containsKey(arguments[0]);
        verbs.forEach((verb, command) -> {
            if (!known || verb.equals(arguments[0])) {
                line.addSubcommand(command.get());
            }
        });
        if (!known) {
            providers.forEach(provider -> provider.commands().forEach(line::addSubcommand));
        }
        addHelp(line);
        return line.setOut(terminal.out())
                .setErr(terminal.err())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((wrong, _) -> usageError(terminal, wrong))
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(terminal, failure));
    }

    private static void addHelp(CommandLine line) {
        if (line.getCommandSpec().findOption("--help") == null) {
            line.getCommandSpec()
                    .addOption(OptionSpec.builder("-h", "--help")
                            .usageHelp(true)
                            .description("Show this help.")
                            .build());
        }
        line.getSubcommands().values().forEach(Livegraft::addHelp);
    }

    private static int usageError(Terminal terminal, ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        terminal.err().println("livegraft: " + oneLine(wrong));
        if (!UnmatchedArgumentException.printSuggestions(wrong, terminal.err())) {
            terminal.err()
                    .println("try: %s --help".formatted(command.getCommandSpec().qualifiedName()));
        }
        return ErrorTable.USAGE;
    }

    private static int failed(Terminal terminal, Exception failure) {
        terminal.out().flush();
        if (failure instanceof LivegraftException refusal) {
            terminal.err().println("livegraft: " + oneLine(refusal));
            return ErrorTable.row(refusal.code()).exitCode();
        }
        if (failure instanceof ConfigException broken) {
            terminal.err().println("livegraft: " + oneLine(broken));
            return ErrorTable.row(ErrorCode.INVALID_CONFIGURATION).exitCode();
        }
        LOG.error("unexpected failure", failure);
        terminal.err().println("livegraft: unexpected failure: " + failure);
        return ErrorTable.FAILED;
    }

    private static String oneLine(Exception failure) {
        return String.valueOf(failure.getMessage())
                .lines()
                .reduce((a, b) -> a + " " + b.strip())
                .orElse("");
    }
}
