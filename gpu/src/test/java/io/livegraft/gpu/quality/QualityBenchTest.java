package io.livegraft.gpu.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.quality.QualityReport.Bytes;
import io.livegraft.gpu.quality.QualityReport.Damage;
import io.livegraft.gpu.quality.QualityReport.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QualityBenchTest {
    private static final ModelDirectory BUNDLED =
            ModelDirectory.open(Path.of("..", "deploy", "base", "livegraft-tiny"));
    private static final QualityData DATA = QualityData.split(
            IntStream.range(0, 24)
                    .mapToObj(
                            i -> new Sample("User: Is it %d?\nAssistant:".formatted(i), i % 2 == 0 ? " Yes." : " No."))
                    .toList(),
            16,
            6,
            2);

    private final List<String> progress = new ArrayList<>();

    @Test
    void everyPrecisionAndVariantIsMeasured() {
        QualityReport report = QualityBench.run(BUNDLED, DATA, settings(List.of(0L, 1L)), progress::add);
        assertEquals(
                List.of("fp32", "bf16", "int8", "nf4", "nf4-single", "fp4", "int4"),
                report.damage().stream().map(Damage::precision).toList());
        assertEquals(
                Arrays.stream(Variant.values()).map(Variant::method).toList(),
                report.variants().stream().map(Outcome::method).toList());
        assertEquals(7 + 2 * 7, progress.size());
        assertDamage(report);
        assertOutcomes(report);
    }

    @Test
    void withoutSeedsOnlyTheBaseIsMeasuredAndTwiceTheSame() {
        QualityReport once = QualityBench.run(BUNDLED, DATA, settings(List.of()), progress::add);
        assertEquals(List.of(), once.variants());
        assertEquals(once, QualityBench.run(BUNDLED, DATA, settings(List.of()), progress::add));
    }

    private static void assertDamage(QualityReport report) {
        Damage exact = report.damage().getFirst();
        assertEquals(0, exact.damage());
        assertEquals(0, exact.sampledDivergence());
        assertEquals(32, exact.bitsPerWeight());
        assertEquals(16, report.damage().get(1).bitsPerWeight());
        assertEquals(4.5, report.damage().get(4).bitsPerWeight());
        for (Damage other : report.damage().subList(1, 7)) {
            assertEquals(other.heldOutNll() / exact.heldOutNll() - 1, other.damage(), 1e-12);
            assertTrue(other.linearBytes() < exact.linearBytes(), other.toString());
        }
    }

    private static void assertOutcomes(QualityReport report) {
        Outcome full = report.variants().getFirst();
        Outcome lora = report.variants().get(1);
        double untrained = report.damage().getFirst().heldOutNll();
        assertEquals(1, full.trainableShare());
        assertEquals(0, lora.overLora());
        assertTrue(lora.trainableShare() < 0.1, lora.toString());
        for (Outcome outcome : report.variants()) {
            Bytes bytes = outcome.bytes();
            assertEquals(2, outcome.heldOutNll().values().size());
            assertEquals(2, outcome.accuracy().orElseThrow().values().size());
            assertTrue(outcome.heldOutNll().mean() < 0.8 * untrained, outcome.toString());
            assertEquals(4 * outcome.trainableParameters(), bytes.gradients());
            assertEquals(8 * outcome.trainableParameters(), bytes.moments());
            assertTrue(bytes.activationsFull() < bytes.activations(), bytes.toString());
        }
        assertTrue(report.variants().get(3).bytes().model() < lora.bytes().model());
    }

    private static QualitySettings settings(List<Long> seeds) {
        OptimizerSettings optimizer = new OptimizerSettings(5e-3, 0.9, 0.999, 1e-8, 0, 1, 0);
        return new QualitySettings(
                seeds,
                2,
                6,
                64,
                64,
                2,
                KernelChoice.AUTO,
                new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR),
                optimizer,
                optimizer.withLearningRate(1e-3));
    }
}
