package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.BundledBase;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on the bundled base: like is told from dislike, and the same run writes the same bytes. */
class FileTrainingTest {
    @TempDir
    Path dir;

    private Path pairs = Path.of("");
    private Path labels = Path.of("");

    @BeforeEach
    void writeData() throws IOException {
        List<String> pairLines = new ArrayList<>();
        List<String> labelLines = new ArrayList<>();
        for (String place : List.of("Oslo", "Lima", "Rome", "Bonn")) {
            String prompt = "User: Do you ship to %s?\\nAssistant:".formatted(place);
            pairLines.add("{\"prompt\":\"%s\",\"chosen\":\" Yes, we do.\",\"rejected\":\" No.\"}".formatted(prompt));
            labelLines.add("{\"prompt\":\"%s\",\"completion\":\" Yes, we do.\",\"label\":true}".formatted(prompt));
            labelLines.add("{\"prompt\":\"%s\",\"completion\":\" No.\",\"label\":false}".formatted(prompt));
        }
        pairs = Files.write(dir.resolve("pairs.jsonl"), pairLines);
        labels = Files.write(dir.resolve("labels.jsonl"), labelLines);
    }

    @Test
    void everyPreferenceLossLearnsWhatIsLiked() {
        for (Loss loss : List.of(new Dpo(0.1, 0, false), new Kto(0.1, 1, 1), new Bco(0.1), new ApoZero(0.1))) {
            FileTraining.Result result =
                    run(loss, FileTraining.Method.QLORA, "out", Optional.empty(), Optional.empty());
            TrainingCurve.Ends margin = result.curve().margin().orElseThrow();
            TrainingCurve.Ends curve = result.curve().loss().orElseThrow();
            assertEquals(0, margin.first(), 1e-6, "a fresh adapter is its reference");
            assertTrue(margin.last() > 0.2, loss + " " + margin);
            assertTrue(curve.last() < curve.first(), loss + " " + curve);
        }
    }

    @Test
    void everyWeightLearnsAgainstAFrozenCopyOfTheBase() {
        FileTraining.Result result =
                run(new Dpo(0.1, 0, false), FileTraining.Method.FULL, "full", Optional.empty(), Optional.empty());
        TrainingCurve.Ends curve = result.curve().loss().orElseThrow();
        assertEquals(Math.log(2), curve.first(), 1e-6);
        assertTrue(curve.last() < 0.6, curve.toString());
    }

    @Test
    void theSameRunWritesTheSameBytesAndAContinuedOneComparesWithItsStart() {
        Dpo dpo = new Dpo(0.1, 0, false);
        FileTraining.Result first = run(dpo, FileTraining.Method.QLORA, "a", Optional.empty(), Optional.empty());
        FileTraining.Result again = run(dpo, FileTraining.Method.QLORA, "b", Optional.empty(), Optional.empty());
        assertEquals(first.digest(), again.digest());
        Optional<Path> start = Optional.of(dir.resolve("a"));
        FileTraining.Result continued = run(dpo, FileTraining.Method.QLORA, "c", start, Optional.empty());
        assertEquals(Math.log(2), continued.curve().loss().orElseThrow().first(), 1e-6);
        FileTraining.Result fresh = run(dpo, FileTraining.Method.QLORA, "d", Optional.empty(), start);
        assertNotEquals(Math.log(2), fresh.curve().loss().orElseThrow().first(), 1e-3);
        assertThrows(LivegraftException.class, () -> run(dpo, FileTraining.Method.FULL, "e", start, Optional.empty()));
    }

    @Test
    void theBitsAreThoseOfTheKernelsThatWereChosen() {
        assertEquals(
                profile(KernelChoice.AUTO).equals(profile(KernelChoice.PORTABLE)),
                digest(KernelChoice.AUTO).equals(digest(KernelChoice.PORTABLE)));
    }

    private static String profile(KernelChoice kernels) {
        try (VectorBackend backend = new VectorBackend(1, kernels.kernels())) {
            return backend.profile();
        }
    }

    private String digest(KernelChoice kernels) {
        Optional<Path> none = Optional.empty();
        return run(new ApoZero(0.1), FileTraining.Method.QLORA, kernels.name(), none, none, kernels)
                .digest();
    }

    private FileTraining.Result run(
            Loss loss, FileTraining.Method method, String out, Optional<Path> adapter, Optional<Path> reference) {
        return run(loss, method, out, adapter, reference, KernelChoice.AUTO);
    }

    private FileTraining.Result run(
            Loss loss,
            FileTraining.Method method,
            String out,
            Optional<Path> adapter,
            Optional<Path> reference,
            KernelChoice kernels) {
        return FileTraining.run(
                new FileTraining.Settings(
                        BundledBase.DIRECTORY,
                        loss instanceof Dpo ? pairs : labels,
                        dir.resolve(out),
                        method,
                        loss,
                        FileTraining.Targets.COMPLETION,
                        false,
                        adapter,
                        reference,
                        10,
                        3,
                        new FileTraining.Batch.Examples(4),
                        64,
                        new DeviceSettings.Cpu(),
                        2,
                        kernels,
                        GradientCheckpointing.PARTIAL,
                        new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR),
                        new OptimizerSettings(
                                method == FileTraining.Method.FULL ? 1e-4 : 2e-3, 0.9, 0.999, 1e-8, 0, 1, 0)),
                progress -> {});
    }
}
