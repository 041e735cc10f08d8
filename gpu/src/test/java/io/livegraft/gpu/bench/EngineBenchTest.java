package io.livegraft.gpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.Refusals;
import io.livegraft.gpu.bench.EngineReport.Batch;
import io.livegraft.gpu.bench.EngineReport.Generation;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.lora.ModuleSelection;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineBenchTest {
    private static final long SET_BYTES = 1 << 20;

    @Test
    void everyFigureOfASmallRunIsThere() {
        List<String> progress = new ArrayList<>();
        EngineReport report = EngineBench.run(settings(List.of(0, 12), List.of(3), List.of(0, 2, 9)), progress::add);
        assertOrdered(report.ceilings().dramReadGigabytesPerSecond());
        assertOrdered(report.ceilings().fmaGigaflopsPerSecond());
        assertPositive(report.promptTokensPerSecond());
        assertEquals("tiny", report.shape());
        assertTrue(report.start().weightsSeconds() > 0 && report.start().firstTokenSeconds() > 0);
        assertTrue(report.start().processSeconds() > report.start().firstTokenSeconds());
        assertEquals(
                List.of(0, 12),
                report.generation().stream().map(Generation::depthTokens).toList());
        for (Generation generation : report.generation()) {
            assertPositive(generation.tokensPerSecond());
            assertTrue(generation.dramShare() > 0);
        }
        assertTrue(progress.contains("generation at depth 12"), progress.toString());
    }

    @Test
    void everyBatchIsMeasuredWithAsManyAdaptersAsItHasRoomFor() {
        List<Batch> batches = EngineBench.run(settings(List.of(), List.of(3), List.of(2, 9)), line -> {})
                .batches();
        assertEquals(
                List.of("1:0", "1:1", "3:0", "3:2", "3:3"),
                batches.stream().map(b -> b.sequences() + ":" + b.adapters()).toList());
        double one = batches.getFirst().tokensPerSecond().median();
        double three = batches.get(2).tokensPerSecond().median();
        Batch last = batches.getLast();
        assertEquals(last.tokensPerSecond().median() / three, last.overBase());
        assertEquals(last.tokensPerSecond().median() / one, last.overOne());
        batches.forEach(batch -> assertPositive(batch.tokensPerSecond()));
    }

    @Test
    void aTokenReadsTheWeightsOnceAndHalfARunOfContext() {
        EngineReport report = EngineBench.run(settings(List.of(12), List.of(), List.of()), line -> {});
        long embedding = 2L * 1024 * 192; // bfloat16, of which a token reads one row; the head is 8-bit
        assertEquals(report.memory().modelBytes() - embedding, report.memory().tokenBytes());
        long perPosition = 2L * 4 * 4 * 3 * 32; // keys and values, float32, 4 layers, 3 heads of 32
        assertEquals(
                report.memory().tokenBytes() + 14 * perPosition,
                report.generation().getFirst().tokenBytes());
    }

    @Test
    void sizesThatMeasureNothingAreRefused() {
        refused("batch is 0, expected at least 1", List.of(0), List.of(0), List.of(0));
        refused("depth is -1, expected at least 0", List.of(-1), List.of(1), List.of(0));
        refused("adapters is -2, expected at least 0", List.of(0), List.of(1), List.of(-2));
        Refusals.assertRefused(
                ErrorCode.INVALID_CONFIGURATION,
                "shape is '7b', expected one of [15m, 135m, 1.1b, 8b, 65b, tiny]",
                () -> ModelShape.of("7b"));
    }

    private static void refused(String message, List<Integer> depths, List<Integer> batches, List<Integer> adapters) {
        Refusals.assertRefused(ErrorCode.INVALID_CONFIGURATION, message, () -> settings(depths, batches, adapters));
    }

    private static EngineBenchSettings settings(List<Integer> depths, List<Integer> batches, List<Integer> adapters) {
        return new EngineBenchSettings(
                ModelShape.of("tiny"),
                new DeviceSettings.Cpu(),
                2,
                8,
                4,
                depths,
                batches,
                adapters,
                2,
                new ModuleSelection.Names(List.of("q_proj", "v_proj")),
                Precision.NF4,
                KernelChoice.PORTABLE,
                2,
                0,
                SET_BYTES);
    }

    private static void assertPositive(Rate rate) {
        assertOrdered(rate);
        assertEquals(2, rate.runs());
    }

    private static void assertOrdered(Rate rate) {
        assertTrue(rate.min() > 0 && rate.min() <= rate.median() && rate.median() <= rate.max(), rate.toString());
    }
}
