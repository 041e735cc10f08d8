package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.optimizer.Schedule;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.quality.QualityBench;
import io.livegraft.gpu.quality.QualityData;
import io.livegraft.gpu.quality.QualityReport;
import io.livegraft.gpu.quality.QualitySettings;
import io.livegraft.gpu.quality.ShapeMemory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code livegraft bench quality}: what quantization loses and what training reaches, on a real base and real data. */
@Command(
        name = "quality",
        description = {
            "Compare full fine-tuning, LoRA and QLoRA on a base: held-out loss, accuracy, memory and time.",
            "Rows are {\"prompt\":…,\"completion\":…} lines, or a CSV file with the columns text and category."
        })
final class BenchQualityCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Option(
            names = "--base",
            paramLabel = "BASE",
            description = BaseLocation.DESCRIPTION + " Default: the bundled one.")
    private Optional<Path> base = Optional.empty();

    @Option(names = "--data", required = true, paramLabel = "FILE", description = "Rows: .csv, or JSON lines.")
    private Path data = Path.of("");

    @Option(names = "--rows", paramLabel = "N", description = "Most rows to train on (default: ${DEFAULT-VALUE}).")
    private int rows = 2_000;

    @Option(names = "--held-out", paramLabel = "N", description = "Rows to measure with (default: ${DEFAULT-VALUE}).")
    private int heldOut = 100;

    @Option(
            names = "--labels",
            paramLabel = "N",
            description = "Most labels to choose from for accuracy; of a CSV file, the largest categories that are"
                    + " taken (default: ${DEFAULT-VALUE}).")
    private int labels = 8;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Runs of each variant; 0 measures the base alone (default: ${DEFAULT-VALUE}).")
    private int seeds = 3;

    @Option(
            names = "--sampled",
            paramLabel = "N",
            description = "Texts that the fp32 base writes to measure the others with (default: ${DEFAULT-VALUE}).")
    private int sampled = 48;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of each run (default: ${DEFAULT-VALUE}).")
    private int steps = 100;

    @Option(names = "--batch-tokens", paramLabel = "N", description = "Tokens of a step (default: ${DEFAULT-VALUE}).")
    private int batchTokens = 512;

    @Option(names = "--rank", paramLabel = "N", description = "LoRA rank (default: ${DEFAULT-VALUE}).")
    private int rank = 16;

    @Option(names = "--alpha", paramLabel = "X", description = "LoRA alpha (default: ${DEFAULT-VALUE}).")
    private double alpha = 16;

    @Option(
            names = "--learning-rate",
            paramLabel = "X",
            description = "Of LoRA; default: 5e-4 scaled to the base's width.")
    private OptionalDouble learningRate = OptionalDouble.empty();

    @Option(
            names = "--full-learning-rate",
            paramLabel = "X",
            description = "Of full fine-tuning; default: a tenth of LoRA's.")
    private OptionalDouble fullLearningRate = OptionalDouble.empty();

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads; 0 (default) takes one per core.")
    private int threads = 0;

    @Option(names = "--plot", paramLabel = "F.svg", description = "Also draw the held-out losses; needs fonts.")
    private Optional<Path> plot = Optional.empty();

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    BenchQualityCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Config loaded = ConfigFactory.load();
        ModelDirectory directory = ModelDirectory.open(
                BaseLocation.directory(base.orElseGet(() -> LocalNode.configuredOrBundled(loaded)), loaded));
        try {
            measure(directory, KernelChoice.of(loaded.getString("livegraft.engine.kernels")));
        } catch (IllegalArgumentException outOfRange) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, String.valueOf(outOfRange.getMessage()), outOfRange);
        }
        return ErrorTable.OK;
    }

    private void measure(ModelDirectory directory, KernelChoice kernels) {
        QualitySettings settings = settings(directory, kernels);
        QualityData split = QualityData.split(QualityRows.read(data, labels), rows, heldOut, labels);
        QualityReport report = QualityBench.run(
                directory, split, settings, line -> terminal.err().println(line));
        List<ShapeMemory> shapes = ModelShape.KNOWN.stream()
                .map(shape -> ShapeMemory.of(shape, rank))
                .toList();
        QualityTable table = new QualityTable(
                Machine.current(),
                directory.name(),
                String.valueOf(data.getFileName()),
                split,
                settings,
                report,
                shapes);
        table.print(terminal.out());
        plot.filter(file -> seeds > 0).ifPresent(file -> QualityPlot.write(file, report, directory.name()));
        if (json) {
            terminal.json(table.json());
        }
    }

    private QualitySettings settings(ModelDirectory directory, KernelChoice kernels) {
        OptimizerSettings general = new OptimizerSettings(5e-4, 0.9, 0.999, 1e-8, 0, 1, 0)
                .scaledTo(directory.config().hiddenSize());
        double rate = learningRate.orElse(general.learningRate());
        OptimizerSettings adapters = general.withLearningRate(rate)
                .with(new Schedule.Cosine(Math.max(1, steps / 20), Math.max(1, steps), 0.1));
        return new QualitySettings(
                LongStream.range(0, seeds).boxed().toList(),
                sampled,
                steps,
                batchTokens,
                batchTokens,
                threads,
                kernels,
                new LoraConfig(rank, alpha, false, LoraConfig.ALL_LINEAR),
                adapters,
                adapters.withLearningRate(fullLearningRate.orElse(rate / 10)));
    }
}
