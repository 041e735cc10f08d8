package io.livegraft.gpu.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cuda.CublasLibrary;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.ModuleSelection;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Speeds of a card beside stored floors, {@code shape figure floor} a line: run with the floors' file and shapes. Ends with 1 where
 * a figure is under its floor.
 */
final class CardProof {
    private static final int RANK = 16;
    private static final int CONTEXT = 2048;
    private static final int SEQUENCES = 4;
    private static final int SLICE_TOKENS = CONTEXT * SEQUENCES;
    private static final int RUNS = 3;
    private static final int WARM_UP_SECONDS = 2;
    private static final long SET_BYTES = 1L << 28;

    private CardProof() {}

    /** Prints a line for each figure. */
    public static void main(String[] arguments) throws IOException {
        Map<String, Double> floors = floors(Path.of(arguments[0]));
        Config engine = ConfigFactory.load().getConfig("livegraft.engine");
        DeviceSettings card = DeviceSettings.named("cuda", engine);
        Optional<DeviceSettings> fast = CublasLibrary.find()
                .map(library -> DeviceSettings.named(
                        "cuda", engine.withValue("profile", ConfigValueFactory.fromAnyRef("fast"))));
        System.out.println(
                fast.isPresent() ? "profiles invariant and fast" : "no cuBLAS: the profile fast is not measured");
        List<String> under = new ArrayList<>();
        for (String label : List.of(arguments).subList(1, arguments.length)) {
            figures(card, fast, ModelShape.of(label)).forEach((figure, value) -> {
                String name = label + " " + figure;
                Double floor = floors.get(name);
                boolean slow = floor != null && value < floor;
                System.out.printf(
                        "%-40s %12.1f  %s%n",
                        name, value, floor == null ? "no floor yet" : (slow ? "UNDER " : "at least ") + floor);
                if (slow) {
                    under.add(name);
                }
            });
        }
        System.out.println(under.isEmpty() ? "no figure is under its floor" : "under their floors: " + under);
        System.exit(under.isEmpty() ? 0 : 1);
    }

    /** @param fast the same card where it has cuBLAS; what invariant costs is the difference */
    private static Map<String, Double> figures(DeviceSettings card, Optional<DeviceSettings> fast, ModelShape shape) {
        Map<String, Double> figures = new LinkedHashMap<>();
        EngineReport engine = engine(card, shape, List.of(0, 1024), List.of(1, 32), List.of(0, 1, 32));
        figures.put("prompt", engine.promptTokensPerSecond().median());
        fast.ifPresent(settings -> figures.put("prompt-fast", prompt(settings, shape)));
        engine.generation()
                .forEach(one -> figures.put(
                        "depth-" + one.depthTokens(), one.tokensPerSecond().median()));
        engine.batches()
                .forEach(one -> figures.put(
                        "batch-%d-adapters-%d".formatted(one.sequences(), one.adapters()),
                        one.tokensPerSecond().median()));
        TrainReport training = TrainBench.run(
                new TrainBenchSettings(
                        shape,
                        card,
                        1,
                        CONTEXT,
                        RANK,
                        SEQUENCES,
                        RUNS,
                        WARM_UP_SECONDS,
                        Precision.NF4,
                        KernelChoice.PORTABLE,
                        SLICE_TOKENS,
                        Optional.of(GradientCheckpointing.NONE)),
                System.err::println);
        figures.put("train", training.tokensPerSecond().median());
        training.deviceMemory().ifPresent(use -> {
            System.out.printf("%s trained within: %s%n", shape.label(), use.plan());
            figures.put("train-peak-mib", use.peakBytes() / (double) (1 << 20));
        });
        return figures;
    }

    private static double prompt(DeviceSettings card, ModelShape shape) {
        return engine(card, shape, List.of(0), List.of(1), List.of(0))
                .promptTokensPerSecond()
                .median();
    }

    private static EngineReport engine(
            DeviceSettings card,
            ModelShape shape,
            List<Integer> depths,
            List<Integer> batches,
            List<Integer> adapters) {
        return EngineBench.run(
                new EngineBenchSettings(
                        shape,
                        card,
                        1,
                        512,
                        64,
                        depths,
                        batches,
                        adapters,
                        RANK,
                        new ModuleSelection.Names(LoraConfig.ALL_LINEAR),
                        Precision.NF4,
                        KernelChoice.PORTABLE,
                        RUNS,
                        WARM_UP_SECONDS,
                        SET_BYTES),
                System.err::println);
    }

    private static Map<String, Double> floors(Path file) throws IOException {
        Map<String, Double> floors = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                int last = line.lastIndexOf(' ');
                floors.put(line.substring(0, last), Double.parseDouble(line.substring(last + 1)));
            }
        }
        return floors;
    }
}
