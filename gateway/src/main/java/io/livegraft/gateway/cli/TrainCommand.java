package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.LoraTargets;
import io.livegraft.gpu.lora.ModuleSelection;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.optimizer.Schedule;
import io.livegraft.gpu.training.FileTraining;
import io.livegraft.gpu.training.FileTraining.Batch;
import io.livegraft.gpu.training.RewardMetrics;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft train}: trains from a file instead of the stream. */
@Command(
        name = "train",
        description = {
            "Train an adapter (qlora on an NF4 base, lora on a float32 one) or every weight (full) from a file.",
            "Each line is {\"prompt\":…,\"completion\":…} for sft, with \"chosen\" and \"rejected\" instead for dpo, with a",
            "\"label\", true or false, for kto, bco and apo-zero; or lists of messages. The same arguments give the same bytes",
            "on machines of one instruction set."
        })
final class TrainCommand implements Callable<Integer> {
    private static final int PROGRESS_LINES = 50;

    private final Terminal terminal;

    /** What the learning rate does after warmup. */
    enum Decay {
        CONSTANT,
        COSINE
    }

    /** How AdamW keeps its moments. */
    enum Optimizer {
        ADAMW,
        ADAMW8BIT
    }

    @Option(names = "--base", required = true, paramLabel = "BASE", description = BaseLocation.DESCRIPTION)
    private Path base = Path.of("");

    @Option(names = "--data", required = true, paramLabel = "F.jsonl", description = "Examples, one to a line.")
    private Path data = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "PEFT or base directory to write.")
    private Path out = Path.of("");

    @Option(names = "--steps", required = true, paramLabel = "N", description = "Optimizer steps.")
    private long steps;

    @Option(names = "--method", paramLabel = "M", description = "qlora (default), lora or full.")
    private FileTraining.Method method = FileTraining.Method.QLORA;

    @Mixin
    private LossOptions loss = new LossOptions();

    @Option(names = "--adapter", paramLabel = "DIR", description = "Adapter to go on from, instead of a fresh one.")
    private Optional<Path> adapter = Optional.empty();

    @Option(names = "--targets", paramLabel = "T", description = "Tokens that count: completion (default) or all.")
    private FileTraining.Targets targets = FileTraining.Targets.COMPLETION;

    @Option(names = "--from-scratch", description = "With full: begin with random weights.")
    private boolean fromScratch;

    @Option(names = "--seed", paramLabel = "N", description = "Of order and first values (default: ${DEFAULT-VALUE}).")
    private long seed = 0;

    @Option(names = "--batch-tokens", paramLabel = "N", description = "Tokens of a step (default: ${DEFAULT-VALUE}).")
    private int batchTokens = 2_048;

    @Option(
            names = "--batch-examples",
            paramLabel = "N",
            description = "Examples or pairs of a step, whatever their tokens; 0 (default) goes by --batch-tokens.")
    private int batchExamples = 0;

    @Option(names = "--slice-tokens", paramLabel = "N", description = "Tokens at once (default: ${DEFAULT-VALUE}).")
    private int sliceTokens = 512;

    @Option(
            names = "--gradient-checkpointing",
            paramLabel = "P",
            description = "Activations computed again to save memory: none (default), partial or full.")
    private GradientCheckpointing checkpointing = GradientCheckpointing.NONE;

    @Option(
            names = "--learning-rate",
            paramLabel = "X",
            description = "Peak of the schedule (default: ${DEFAULT-VALUE}).")
    private double learningRate = 1e-3;

    @Option(names = "--schedule", paramLabel = "S", description = "After warmup: cosine (default) or constant.")
    private Decay schedule = Decay.COSINE;

    @Option(
            names = "--optimizer",
            paramLabel = "O",
            description = "adamw (default), or adamw8bit: its moments in 8 bits.")
    private Optimizer optimizer = Optimizer.ADAMW;

    @Option(
            names = "--lora-plus-ratio",
            paramLabel = "X",
            description = "Learning rate of B over that of A (default: ${DEFAULT-VALUE}).")
    private double loraPlusRatio = 1;

    @Option(names = "--warmup-steps", paramLabel = "N", description = "Steps to the peak (default: ${DEFAULT-VALUE}).")
    private long warmupSteps = 0;

    @Option(names = "--beta2", paramLabel = "X", description = "AdamW's (default: ${DEFAULT-VALUE}).")
    private double beta2 = 0.999;

    @Option(names = "--weight-decay", paramLabel = "X", description = "AdamW's (default: ${DEFAULT-VALUE}).")
    private double weightDecay = 0;

    @Option(
            names = "--max-gradient-norm",
            paramLabel = "X",
            description = "0 clips nothing (default: ${DEFAULT-VALUE}).")
    private double maxGradientNorm = 1;

    @Option(names = "--rank", paramLabel = "N", description = "LoRA rank (default: ${DEFAULT-VALUE}).")
    private int rank = 8;

    @Option(names = "--alpha", paramLabel = "X", description = "LoRA alpha (default: ${DEFAULT-VALUE}).")
    private double alpha = 16;

    @Option(
            names = "--target-modules",
            paramLabel = "M",
            description = "Names with commas between, a regular expression, or all-linear (default: all, by name).")
    private String targetModules = String.join(",", LoraConfig.ALL_LINEAR);

    @Option(
            names = "--layers",
            paramLabel = "N",
            split = ",",
            description = "The only layers to adapt, from 0 (default: all); needs --target-modules by name.")
    private List<Integer> layers = List.of();

    @Option(names = "--rs-lora", description = "Scale by alpha/sqrt(rank) instead of alpha/rank.")
    private boolean rankStabilized;

    @Option(names = "--dropout", paramLabel = "X", description = "Of LoRA's inputs (default: ${DEFAULT-VALUE}).")
    private double dropout = 0;

    @Option(
            names = "--backend",
            paramLabel = "B",
            description = "cpu, cuda or auto (default: as livegraft.engine.backend says).")
    private Optional<String> backend = Optional.empty();

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads; 0 (default) takes one per core.")
    private int threads = 0;

    @Option(
            names = "--json",
            description = "Print {\"out\",\"digest\",\"finalLoss\",\"loss\":{\"first\",\"last\"},…} at the end.")
    private boolean json;

    TrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        FileTraining.Result result = FileTraining.run(settings(), this::report);
        if (json) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("out", result.out().toString());
            values.put("digest", result.digest());
            values.put("finalLoss", result.finalLoss());
            result.curve().loss().ifPresent(ends -> values.put("loss", ends));
            result.curve().accuracy().ifPresent(ends -> values.put("rewardAccuracy", ends));
            result.curve().margin().ifPresent(ends -> values.put("rewardMargin", ends));
            values.put("tokens", result.tokens());
            values.put("trainableParameters", result.trainableParameters());
            terminal.json(values);
        } else {
            terminal.out()
                    .println("%s: sha256 %s, %d parameters trained on %d tokens, last loss %.4f"
                            .formatted(
                                    result.out(),
                                    result.digest(),
                                    result.trainableParameters(),
                                    result.tokens(),
                                    result.finalLoss()));
        }
        return ErrorTable.OK;
    }

    private FileTraining.Settings settings() {
        if (steps < 1 || batchTokens < 1 || sliceTokens < 1 || batchExamples < 0 || threads < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "steps %d, batch-tokens %d and slice-tokens %d must be at least 1, batch-examples %d and threads %d at least 0"
                            .formatted(steps, batchTokens, sliceTokens, batchExamples, threads));
        }
        Config loaded = ConfigFactory.load();
        try {
            return new FileTraining.Settings(
                    BaseLocation.directory(base, loaded),
                    data,
                    out,
                    method,
                    loss.loss(),
                    targets,
                    fromScratch,
                    adapter,
                    loss.reference(),
                    steps,
                    seed,
                    batchExamples > 0 ? new Batch.Examples(batchExamples) : new Batch.Tokens(batchTokens),
                    sliceTokens,
                    device(loaded.getConfig("livegraft.engine")),
                    threads,
                    KernelChoice.of(loaded.getString("livegraft.engine.kernels")),
                    checkpointing,
                    lora(),
                    optimizer());
        } catch (IllegalArgumentException outOfRange) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, String.valueOf(outOfRange.getMessage()), outOfRange);
        }
    }

    private DeviceSettings device(Config engine) {
        return backend.map(name -> DeviceSettings.named(name, engine)).orElseGet(() -> DeviceSettings.from(engine));
    }

    private LoraConfig lora() {
        LoraTargets targets = new LoraTargets(ModuleSelection.ofArgument(targetModules), LoraTargets.NONE, layers);
        return new LoraConfig(rank, alpha, rankStabilized, LoraConfig.ALL_LINEAR)
                .withTargets(targets)
                .withDropout(dropout);
    }

    private OptimizerSettings optimizer() {
        return new OptimizerSettings(
                learningRate,
                0.9,
                beta2,
                1e-8,
                weightDecay,
                maxGradientNorm,
                switch (schedule) {
                    case CONSTANT -> new Schedule.Constant(warmupSteps);
                    case COSINE -> new Schedule.Cosine(warmupSteps, steps, 0.1);
                },
                loraPlusRatio,
                switch (optimizer) {
                    case ADAMW -> MomentPrecision.FLOAT32;
                    case ADAMW8BIT -> MomentPrecision.BLOCKWISE8;
                });
    }

    /** A line now and then: about fifty in all. */
    private void report(FileTraining.Progress progress) {
        long interval = Math.max(1, steps / PROGRESS_LINES);
        if (progress.step() % interval == 0 || progress.step() == steps) {
            terminal.err()
                    .println("step %d/%d loss %.4f%s lr %.2e %.1fk tok/s"
                            .formatted(
                                    progress.step(),
                                    progress.steps(),
                                    progress.loss(),
                                    progress.rewards()
                                            .map(TrainCommand::describe)
                                            .orElse(""),
                                    progress.learningRate(),
                                    progress.tokensPerSecond() / 1_000));
        }
    }

    private static String describe(RewardMetrics rewards) {
        String margin = rewards.margin().isPresent()
                ? " margin %.3f".formatted(rewards.margin().getAsDouble())
                : "";
        return " accuracy %.2f%s".formatted(rewards.accuracy(), margin);
    }
}
