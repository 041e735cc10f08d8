package io.livegraft.simulation.swap;

import io.livegraft.simulation.run.RunOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft sim swap}. */
@Command(
        name = "swap",
        description = {
            "Publish, promote and roll back versions of many tenants while requests come in at random (open loop), and have an",
            "oracle compute every answer anew from the question and the digest of the version that it names: none may be missing,",
            "mixed, of another tenant or of a version that was over. Ends with 0 when it is so."
        })
public final class SwapCommand implements Callable<Integer> {
    @Mixin
    private RunOptions options = new RunOptions(20);

    @Option(names = "--swaps", paramLabel = "N", description = "How many (default: ${DEFAULT-VALUE}).")
    private int swaps = 1000;

    @Option(
            names = "--swap-rate",
            paramLabel = "N",
            description = "Most swaps a second; 0 is as many as the node takes (default: ${DEFAULT-VALUE}).")
    private double swapRate;

    @Option(names = "--rate", paramLabel = "N", description = "Requests a second (default: ${DEFAULT-VALUE}).")
    private double rate = 10;

    @Override
    public Integer call() {
        options.require(swaps >= 1, "--swaps is %d, expected 1 or more".formatted(swaps));
        options.require(rate > 0 && rate <= 1000, "--rate is %s, expected above 0, at most 1000".formatted(rate));
        options.require(swapRate >= 0, "--swap-rate is %s, expected 0 or more".formatted(swapRate));
        SwapSettings run = new SwapSettings(
                swaps,
                options.seed(),
                options.tenants(),
                rate,
                swapRate,
                options.base(),
                options.directory("livegraft-swap-"));
        return options.tell(run.directory(), progress -> new SwapRun(run, progress).run());
    }
}
