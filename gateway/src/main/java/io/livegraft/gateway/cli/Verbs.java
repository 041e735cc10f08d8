package io.livegraft.gateway.cli;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Supplier;
import picocli.CommandLine;

/** This module's verbs by name. Each is made when it is asked for: reading the options of all takes a third of a second. */
final class Verbs {
    private Verbs() {}

    static SequencedMap<String, Supplier<CommandLine>> of(Terminal terminal) {
        SequencedMap<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
        verbs.put("dev", () -> new CommandLine(new DevCommand(terminal)));
        verbs.put("serve", () -> new CommandLine(new ServeCommand(terminal)));
        verbs.put("generate", () -> new CommandLine(new GenerateCommand(terminal)));
        verbs.put("eval", () -> new CommandLine(new EvalCommand(terminal)));
        verbs.put("train", () -> new CommandLine(new TrainCommand(terminal)));
        verbs.put("quantize", () -> new CommandLine(new QuantizeCommand(terminal)));
        verbs.put("status", () -> new CommandLine(new StatusCommand(terminal)));
        verbs.put("history", () -> new CommandLine(new HistoryCommand(terminal)));
        verbs.put("promote", () -> new CommandLine(new PromoteCommand(terminal)));
        verbs.put("rollback", () -> new CommandLine(new RollbackCommand(terminal)));
        verbs.put("hold", () -> new CommandLine(new HoldCommand(terminal)));
        verbs.put("resume", () -> new CommandLine(new ResumeCommand(terminal)));
        verbs.put("reset", () -> new CommandLine(new ResetCommand(terminal)));
        verbs.put("forget", () -> new CommandLine(new ForgetCommand(terminal)));
        verbs.put("rebuild", () -> new CommandLine(new RebuildCommand(terminal)));
        verbs.put("scrub", () -> new CommandLine(new ScrubCommand(terminal)));
        verbs.put("feedback", () -> feedback(terminal));
        verbs.put("bench", () -> bench(terminal));
        return verbs;
    }

    private static CommandLine feedback(Terminal terminal) {
        return new CommandLine(new FeedbackCommand()).addSubcommand(new FeedbackSendCommand(terminal));
    }

    private static CommandLine bench(Terminal terminal) {
        return new CommandLine(new BenchCommand())
                .addSubcommand(new BenchQualityCommand(terminal))
                .addSubcommand(new BenchEngineCommand(terminal))
                .addSubcommand(new BenchTrainCommand(terminal))
                .addSubcommand(new BenchIngestCommand(terminal))
                .addSubcommand(new BenchTenantsCommand(terminal))
                .addSubcommand(new BenchCycleCommand(terminal))
                .addSubcommand(new BenchCoserveCommand(terminal));
    }
}
