package io.livegraft.gpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.Refusals;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TrainBenchTest {
    @Test
    void everyFigureOfASmallRunIsThere() {
        List<String> progress = new ArrayList<>();
        TrainReport report = TrainBench.run(settings(10, 2), progress::add);
        assertEquals(2, report.tokensPerSecond().runs());
        assertTrue(report.tokensPerSecond().min() > 0);
        assertTrue(report.forwardTokensPerSecond().min() > 0);
        assertTrue(report.passSeconds() > 0 && report.optimizerSeconds() > 0);
        // Rank 2 on seven kinds of four layers: r·(in + out) each.
        assertEquals(4 * 2 * (2 * 384 + 2 * 288 + 3 * 704), report.trainableParameters());
        assertTrue(report.modelBytes() > 0);
        assertTrue(progress.contains("step 2 of 2"), progress.toString());
    }

    @Test
    void sizesThatMeasureNothingAreRefused() {
        Refusals.assertRefused(
                ErrorCode.INVALID_CONFIGURATION, "context is 1, expected at least 2", () -> settings(1, 2));
        Refusals.assertRefused(
                ErrorCode.INVALID_CONFIGURATION, "steps is 0, expected at least 1", () -> settings(8, 0));
    }

    private static TrainBenchSettings settings(int context, int steps) {
        return new TrainBenchSettings(
                ModelShape.of("tiny"),
                new DeviceSettings.Cpu(),
                2,
                context,
                2,
                3,
                steps,
                0,
                Precision.NF4,
                KernelChoice.PORTABLE,
                16,
                Optional.of(GradientCheckpointing.NONE));
    }
}
