package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.bench.EngineBench;
import io.livegraft.gpu.bench.EngineBenchSettings;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.ModuleSelection;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft bench engine}: how fast this machine reads prompts and generates, beside what it could do at best. */
@Command(
        name = "engine",
        description = {
            "Measure prompts, generation at several depths, and batches with many adapters, on random weights.",
            "Each figure is the median of some runs after a first one, with their least and greatest."
        })
final class BenchEngineCommand implements Callable<Integer> {
    /** Far beyond any cache. */
    private static final long SET_BYTES = 1L << 30;

    private final Terminal terminal;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(names = "--prompt", paramLabel = "N", description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
    private int prompt = 512;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description =
                    "Tokens that a run generates; of a batch all together, 8 each at least (default: ${DEFAULT-VALUE}).")
    private int tokens = 64;

    @Option(
            names = "--depth",
            split = ",",
            paramLabel = "N",
            description = "Tokens before those (default: 0,512,2048).")
    private List<Integer> depths = List.of(0, 512, 2048);

    @Option(
            names = "--batch",
            split = ",",
            paramLabel = "N",
            description = "Sequences side by side; 1 is always measured (default: 1,16,32).")
    private List<Integer> batches = List.of(1, 16, 32);

    @Option(
            names = "--adapters",
            split = ",",
            paramLabel = "N",
            description = "Different adapters among a batch's sequences; 0 is always measured (default: 0,4,16).")
    private List<Integer> adapters = List.of(0, 4, 16);

    @Option(
            names = "--target-modules",
            paramLabel = "M",
            description =
                    "Layers that these change: names with commas between, a regular expression, or all-linear (default: all, by name).")
    private String targetModules = String.join(",", LoraConfig.ALL_LINEAR);

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Measured runs of each figure (default: ${DEFAULT-VALUE}).")
    private int runs = 3;

    BenchEngineCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        options.check();
        EngineBenchSettings settings = new EngineBenchSettings(
                options.shape(),
                options.device(),
                options.threads(),
                prompt,
                tokens,
                depths,
                batches,
                adapters,
                options.rank(),
                ModuleSelection.ofArgument(targetModules),
                options.precision(),
                options.kernels(),
                runs,
                options.warmUpSeconds(),
                SET_BYTES);
        EngineTable table =
                new EngineTable(EngineBench.run(settings, line -> terminal.err().println(line)));
        table.print(terminal.out());
        options.give(terminal, table.json());
        return ErrorTable.OK;
    }
}
