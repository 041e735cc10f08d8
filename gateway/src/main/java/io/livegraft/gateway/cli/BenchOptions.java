package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.device.MemoryUse;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.safetensors.DurableFile;
import io.livegraft.gpu.tensor.Precision;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** What {@code bench engine} and {@code bench train} have in common: the base, the kernels, and where figures go. */
final class BenchOptions {
    @Option(
            names = "--shape",
            paramLabel = "S",
            description = "15m, 135m, 1.1b, 8b, 65b or tiny, with random weights (default: ${DEFAULT-VALUE}).")
    private String shape = "135m";

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads; 0 (default) takes one per core.")
    private int threads = 0;

    @Option(names = "--rank", paramLabel = "N", description = "LoRA rank (default: ${DEFAULT-VALUE}).")
    private int rank = 16;

    @Option(
            names = "--precision",
            paramLabel = "P",
            description = "Of the linear layers, as livegraft.engine.precision has it (default: ${DEFAULT-VALUE}).")
    private String precision = "nf4";

    @Option(names = "--kernels", paramLabel = "K", description = "auto (default), wide, narrow or portable.")
    private KernelChoice kernels = KernelChoice.AUTO;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description = "Of work before anything is measured (default: ${DEFAULT-VALUE}).")
    private int warmUpSeconds = 10;

    @Option(names = "--backend", paramLabel = "B", description = "cpu (default), cuda or auto.")
    private String backend = "cpu";

    @Option(
            names = "--profile",
            paramLabel = "P",
            description = "invariant or fast, as livegraft.engine.profile has it (default: what that says).")
    private Optional<String> profile = Optional.empty();

    @Option(names = "--json", description = "Print everything as one JSON object at the end.")
    private boolean json;

    @Option(names = "--out", paramLabel = "FILE", description = "Write that object to a file, too.")
    private Optional<Path> out = Optional.empty();

    ModelShape shape() {
        return ModelShape.of(shape);
    }

    int threads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    int rank() {
        return rank;
    }

    Precision precision() {
        try {
            return Precision.of(precision);
        } catch (IllegalArgumentException unknown) {
            throw refusal(String.valueOf(unknown.getMessage()));
        }
    }

    int warmUpSeconds() {
        return warmUpSeconds;
    }

    KernelChoice kernels() {
        return kernels;
    }

    /** What computes; the card's settings come from the configuration. */
    DeviceSettings device() {
        Config engine = ConfigFactory.load().getConfig("livegraft.engine");
        return DeviceSettings.named(
                backend,
                profile.map(name -> engine.withValue("profile", ConfigValueFactory.fromAnyRef(name)))
                        .orElse(engine));
    }

    /** Refuses, before minutes are spent, what can't be measured or written. */
    void check() {
        device();
        out.map(file -> file.toAbsolutePath().getParent())
                .filter(directory -> !Files.isDirectory(directory))
                .ifPresent(missing -> {
                    throw refusal("--out is in %s, expected a directory that exists".formatted(missing));
                });
    }

    /** To the terminal and the file, as asked for. */
    void give(Terminal terminal, Map<String, Object> figures) {
        out.ifPresent(
                file -> DurableFile.write(file, (Terminal.line(figures) + "\n").getBytes(StandardCharsets.UTF_8)));
        if (json) {
            terminal.json(figures);
        }
    }

    /** The machine in a line. */
    static String line(Machine machine) {
        return "%d cores, %s, %s, %s".formatted(machine.cores(), machine.cpu(), machine.jvm(), machine.system());
    }

    /** A device's own memory in a line. */
    static String line(MemoryUse use) {
        return "%s; at most %s at a time".formatted(use.plan(), QualityTable.size(use.peakBytes()));
    }

    /** Memory after a few words, or nothing where it is unknown. */
    static String resident(String words, OptionalLong bytes) {
        return bytes.isPresent() ? words + " " + QualityTable.size(bytes.getAsLong()) : "";
    }

    private static LivegraftException refusal(String what) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, what);
    }
}
