package io.livegraft.simulation.swap;

import io.livegraft.simulation.run.RunOptions;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft sim swap-cost}. */
@Command(
        name = "swap-cost",
        description = {
            "Measure what swaps cost: blocks of the same requests without and with swaps in the order ABBA, beside a"
                    + " control",
            "without any; how long swaps hold up admission; from a rollback's call to the first token of the old"
                    + " version; and the",
            "first token of tenants that are not in memory after a restart."
        })
public final class CostCommand implements Callable<Integer> {
    @Mixin
    private RunOptions options = new RunOptions(20);

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Swaps before anything counts (default: ${DEFAULT-VALUE}).")
    private int warmUp = 6000;

    @Option(names = "--rounds", paramLabel = "N", description = "Of eight blocks each (default: ${DEFAULT-VALUE}).")
    private int rounds = 6;

    @Option(names = "--block", paramLabel = "SECONDS", description = "How long a block is (default: ${DEFAULT-VALUE}).")
    private double block = 2;

    @Option(names = "--swap-rate", paramLabel = "N", description = "Swaps a second (default: ${DEFAULT-VALUE}).")
    private double swapRate = 20;

    @Option(names = "--rate", paramLabel = "N", description = "Requests a second (default: ${DEFAULT-VALUE}).")
    private double rate = 20;

    @Option(
            names = "--held-up",
            paramLabel = "N",
            description =
                    "Swaps whose hold-up counts, at full speed and again at 100 a second (default: ${DEFAULT-VALUE}).")
    private int heldUp = 6000;

    @Option(names = "--rollbacks", paramLabel = "N", description = "Timed rollbacks (default: ${DEFAULT-VALUE}).")
    private int rollbacks = 200;

    @Option(names = "--restarts", paramLabel = "N", description = "Cold starts of all (default: ${DEFAULT-VALUE}).")
    private int restarts = 3;

    @Override
    public Integer call() {
        options.require(warmUp >= 0, "--warm-up is %d, expected 0 or more".formatted(warmUp));
        options.require(rounds >= 1, "--rounds is %d, expected 1 or more".formatted(rounds));
        options.require(block > 0 && block <= 600, "--block is %s, expected above 0, at most 600".formatted(block));
        options.require(swapRate > 0, "--swap-rate is %s, expected above 0".formatted(swapRate));
        options.require(rate > 0 && rate <= 1000, "--rate is %s, expected above 0, at most 1000".formatted(rate));
        options.require(heldUp >= 1, "--held-up is %d, expected 1 or more".formatted(heldUp));
        options.require(
                rollbacks >= 1 && restarts >= 1,
                "--rollbacks is %d and --restarts is %d, expected 1 or more of both".formatted(rollbacks, restarts));
        SwapSettings run = new SwapSettings(
                Integer.MAX_VALUE,
                options.seed(),
                options.tenants(),
                rate,
                swapRate,
                options.base(),
                options.directory("livegraft-swap-cost-"));
        CostSettings cost = new CostSettings(
                run, warmUp, rounds, Duration.ofNanos((long) (block * 1e9)), heldUp, rollbacks, restarts);
        return options.tell(run.directory(), progress -> new CostRun(cost, progress).run());
    }
}
