package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.BundledBase;
import io.livegraft.gpu.cpu.DecodeActivations;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.device.ProcessMemory;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.model.TinyBase;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.weightcache.WeightCacheSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that starts from the cache and answers, against the budgets that it prints; Java's own are flags. */
class ResidentMemoryTest {
    private static final long MIB = 1 << 20;
    private static final int HEAP_MIB = 64;
    private static final int CODE_MIB = 32;
    private static final int CLASSES_MIB = 48;
    /** So much that a second copy would not go unseen. */
    private static final long WEIGHTS_AT_LEAST = 110 * MIB;

    @TempDir
    Path base;

    @TempDir
    Path cache;

    @Test
    void isTheModelsBytesAndTheBudgetsAtMost() throws IOException, InterruptedException {
        assumeTrue(ProcessMemory.peak().isPresent(), "the system does not say what a process has");
        assumeTrue(KernelChoice.AUTO.kernels().strips().isPresent(), "weights are on the heap here");
        writeBase();
        start();
        long[] second = start();
        long weights = second[0];
        long budgets = second[1] + second[2] + (CODE_MIB + CLASSES_MIB) * MIB;
        assertTrue(weights > WEIGHTS_AT_LEAST, () -> Long.toString(weights));
        assertTrue(second[3] <= 1.15 * weights + budgets, () -> "weights %d, budgets %d, but the process had %d MiB"
                .formatted(weights / MIB, budgets / MIB, second[3] / MIB));
    }

    /** In bfloat16, so that there is much of it for its number of weights. */
    private void writeBase() throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(BundledBase.DIRECTORY.resolve(file), base.resolve(file));
        }
        JsonMapper mapper = new JsonMapper();
        ObjectNode config = (ObjectNode)
                mapper.readTree(BundledBase.DIRECTORY.resolve("config.json").toFile());
        config.put("hidden_size", 512).put("intermediate_size", 1408).put("num_hidden_layers", 20);
        config.put("num_attention_heads", 8).put("num_key_value_heads", 4).remove("head_dim");
        mapper.writeValue(base.resolve("config.json").toFile(), config);
        SafetensorsWriter.write(
                base.resolve("model.safetensors"),
                TinyBase.tensors(ModelDirectory.open(base).config(), 1),
                DType.BF16,
                Map.of());
    }

    /** Weights, keys and values at most, heap at most, and the process's greatest size. */
    private long[] start() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx%dm".formatted(HEAP_MIB),
                        "-XX:ReservedCodeCacheSize=%dm".formatted(CODE_MIB),
                        "-XX:MaxMetaspaceSize=%dm".formatted(CLASSES_MIB),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OneAnswer.class.getName(),
                        base.toString(),
                        cache.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            List<String> lines = output.lines().toList();
            assertEquals(0, process.waitFor());
            return Arrays.stream(lines.getLast().split(" "))
                    .mapToLong(Long::parseLong)
                    .toArray();
        }
    }

    /** What such a process runs. */
    static final class OneAnswer {
        private OneAnswer() {}

        public static void main(String[] arguments) {
            try (Engine engine = Engine.open(new EngineSettings(
                    Path.of(arguments[0]),
                    Optional.of(Precision.BF16),
                    Optional.empty(),
                    new DeviceSettings.Cpu(),
                    2,
                    2,
                    128,
                    new KvCacheSettings(8 * MIB, 64, true),
                    256,
                    Optional.of(GradientCheckpointing.NONE),
                    KernelChoice.AUTO,
                    DecodeActivations.AUTO,
                    PromptActivations.AUTO,
                    new WeightCacheSettings(Optional.of(Path.of(arguments[1])), 1 << 30, true)))) {
                int[] prompt = {5, 70, 300, 12, 9, 801, 7};
                try (Generation generation = engine.admit(prompt, SamplingSettings.greedy(20), Optional.empty())) {
                    boolean ended = false;
                    while (!ended) {
                        ended = engine.advance(List.of(Advance.whole(generation)))
                                .getFirst()
                                .orElseThrow()
                                .finish()
                                .isPresent();
                    }
                }
                MemoryBudget budget = engine.memory();
                System.out.println("%d %d %d %d"
                        .formatted(
                                budget.weights(),
                                budget.keysAndValues(),
                                budget.heap(),
                                ProcessMemory.peak().orElseThrow()));
            }
        }
    }
}
