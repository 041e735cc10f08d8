package io.livegraft.gpu.weightcache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.BundledBase;
import io.livegraft.gpu.cpu.DecodeActivations;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.engine.Advance;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.engine.Generation;
import io.livegraft.gpu.engine.KvCacheSettings;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts of an engine with a cache, on the bundled base, against starts without one. */
class WeightCacheTest {
    private static final int[] PROMPT = {5, 70, 300, 12, 9, 801};
    private static final long ROOM = 1L << 30;

    /** Bundled, but its head is not tied to its embedding, so that every kind of weight is there. */
    @TempDir
    Path base;

    @TempDir
    Path folder;

    /** What an engine answers, and who it says it is. */
    private record Start(List<GenerationDelta> answer, String digest) {}

    @BeforeEach
    void copyTheBase() throws IOException {
        try (VectorBackend backend = new VectorBackend(1, KernelChoice.AUTO.kernels())) {
            assumeTrue(backend.layout().isPresent(), "this machine's kernels keep weights as they are stored");
        }
        ModelDirectory bundled = ModelDirectory.open(BundledBase.DIRECTORY);
        JsonMapper json = new JsonMapper();
        Path untied = Files.createDirectory(base.resolve("untied"));
        ObjectNode config =
                (ObjectNode) json.readTree(bundled.path().resolve("config.json").toFile());
        json.writeValue(untied.resolve("config.json").toFile(), config.put("tie_word_embeddings", false));
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(bundled.path().resolve(name), untied.resolve(name));
        }
        writeBase(untied, 1);
    }

    /** The head is the embedding times {@code factor}. */
    private void writeBase(Path configAndTokenizer, float factor) {
        ModelDirectory bundled = ModelDirectory.open(BundledBase.DIRECTORY);
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        bundled.expectedTensors().keySet().forEach(name -> tensors.put(name, bundled.tensor(name)));
        HostTensor embedding = bundled.tensor("model.embed_tokens.weight");
        float[] head = embedding.values().clone();
        for (int i = 0; i < head.length; i++) {
            head[i] *= factor;
        }
        tensors.put("lm_head.weight", new HostTensor(embedding.shape(), head));
        ModelDirectory.write(base, configAndTokenizer, tensors, DType.BF16);
    }

    @ParameterizedTest
    @CsvSource({"NF4, true", "NF4, false", "FP4, true", "BF16, true", "BF16, false", "INT8, true"})
    void aStartFromTheCacheHasTheBitsOfOneWithout(Precision precision, boolean hugePages) throws IOException {
        Start without = start(WeightCacheSettings.OFF, precision);
        WeightCacheSettings settings = new WeightCacheSettings(Optional.of(folder), ROOM, hugePages);
        assertEquals(without, start(settings, precision));
        byte[] written = Files.readAllBytes(onlyFile());
        assertEquals(without, start(settings, precision));
        assertArrayEquals(written, Files.readAllBytes(onlyFile()));
    }

    @Test
    void aStartFromTheCacheReadsNoMatrixOfTheBase() throws IOException {
        Start first = start(kept(), Precision.NF4);
        WeightFile file = WeightFile.open(onlyFile(), true);
        assertEquals(4 * 7 + 2, file.images().size(), "seven linear kinds of four layers, the embedding and the head");
        assertEquals(first.digest(), file.header().baseDigest());
    }

    @Test
    void float32WeightsAreNotKept() throws IOException {
        assertEquals(start(WeightCacheSettings.OFF, Precision.FP32), start(kept(), Precision.FP32));
        assertEquals(List.of(), files());
    }

    /** Byte positions are parts of the file: header, first and last data. */
    @ParameterizedTest
    @CsvSource({"0.0, true", "0.0005, true", "0.3, true", "0.3, false", "0.7, true", "0.9999, true", "0.9999, false"})
    void aDamagedByteIsNoticedAndTheFileWrittenAnew(double place, boolean hugePages) throws IOException {
        healed(hugePages, bytes -> {
            bytes[(int) (place * bytes.length)] ^= 1;
            return bytes;
        });
    }

    @ParameterizedTest
    @CsvSource({"0", "10", "200", "100000"})
    void aFileThatIsCutOffIsWrittenAnew(int length) throws IOException {
        healed(true, bytes -> Arrays.copyOf(bytes, length));
    }

    @Test
    void aFileThatIsTooLongOrNoneOfOursIsWrittenAnew() throws IOException {
        healed(true, bytes -> Arrays.copyOf(bytes, bytes.length + 1));
        healed(false, bytes -> "something else altogether".repeat(40).getBytes(UTF_8));
    }

    private void healed(boolean hugePages, UnaryOperator<byte[]> damage) throws IOException {
        WeightCacheSettings settings = new WeightCacheSettings(Optional.of(folder), ROOM, hugePages);
        Start first = start(settings, Precision.NF4);
        byte[] sound = Files.readAllBytes(onlyFile());
        Files.write(onlyFile(), damage.apply(sound.clone()));
        assertEquals(first, start(settings, Precision.NF4));
        assertArrayEquals(sound, Files.readAllBytes(onlyFile()));
    }

    @Test
    void aFileOfAnotherBaseUnderThisOnesNameIsNotUsed() throws IOException {
        Start first = start(kept(), Precision.NF4);
        Path mine = onlyFile();
        byte[] other = Files.readAllBytes(mine);
        writeBase(base, -1);
        Start changed = start(kept(), Precision.NF4);
        assertNotEquals(first, changed);
        assertEquals(2, files().size());
        for (Path file : files()) {
            Files.write(file, other);
        }
        assertEquals(changed, start(kept(), Precision.NF4));
    }

    @Test
    void aBaseWhoseFilesWereTouchedIsReadAgain() throws IOException {
        Start first = start(kept(), Precision.NF4);
        Files.setLastModifiedTime(
                base.resolve("model.safetensors"), FileTime.from(Instant.now().minus(Duration.ofDays(1))));
        assertEquals(first, start(kept(), Precision.NF4));
        assertEquals(2, files().size());
    }

    @Test
    void everyPrecisionHasItsOwnFile() throws IOException {
        Start nf4 = start(kept(), Precision.NF4);
        Start fp4 = start(kept(), Precision.FP4);
        assertNotEquals(nf4, fp4);
        assertEquals(2, files().size());
        assertEquals(nf4, start(kept(), Precision.NF4));
        assertEquals(fp4, start(kept(), Precision.FP4));
    }

    @Test
    void whatWasUsedLeastRecentlyGoesWhenAllIsTooMuch() throws IOException {
        start(kept(), Precision.NF4);
        Path nf4 = onlyFile();
        long bytes = Files.size(nf4);
        start(kept(), Precision.FP4);
        Path fp4 =
                files().stream().filter(file -> !file.equals(nf4)).findFirst().orElseThrow();
        Files.setLastModifiedTime(nf4, FileTime.from(Instant.now().minusSeconds(20)));
        Files.setLastModifiedTime(fp4, FileTime.from(Instant.now().minusSeconds(10)));
        start(kept(), Precision.NF4);
        start(new WeightCacheSettings(Optional.of(folder), 2 * bytes + 50_000, true), Precision.NF4_SINGLE);
        assertEquals(2, files().size());
        assertTrue(files().contains(nf4), "it was used since");
    }

    @Test
    void whatIsLargerThanTheWholeFolderMayBeIsNotKept() throws IOException {
        Start without = start(WeightCacheSettings.OFF, Precision.NF4);
        assertEquals(without, start(new WeightCacheSettings(Optional.of(folder), 10_000, true), Precision.NF4));
        assertEquals(List.of(), files());
    }

    @Test
    void aFolderThatCanNotBeWrittenIsDoneWithout() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        assertEquals(
                start(WeightCacheSettings.OFF, Precision.NF4),
                start(new WeightCacheSettings(Optional.of(file), ROOM, true), Precision.NF4));
    }

    private WeightCacheSettings kept() {
        return new WeightCacheSettings(Optional.of(folder), ROOM, true);
    }

    private Path onlyFile() throws IOException {
        List<Path> files = files();
        assertEquals(1, files.size());
        return files.getFirst();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private Start start(WeightCacheSettings cache, Precision precision) {
        try (Engine engine = Engine.open(new EngineSettings(
                base,
                Optional.of(precision),
                Optional.empty(),
                new DeviceSettings.Cpu(),
                2,
                4,
                0,
                new KvCacheSettings(64 << 20, 64, true),
                256,
                Optional.of(GradientCheckpointing.NONE),
                KernelChoice.AUTO,
                DecodeActivations.AUTO,
                PromptActivations.AUTO,
                cache))) {
            List<GenerationDelta> answer = new ArrayList<>();
            try (Generation generation = engine.admit(PROMPT, SamplingSettings.greedy(12), Optional.empty())) {
                while (!generation.finished()) {
                    engine.advance(List.of(Advance.whole(generation))).forEach(delta -> delta.ifPresent(answer::add));
                }
            }
            return new Start(answer, engine.baseDigest());
        }
    }
}
