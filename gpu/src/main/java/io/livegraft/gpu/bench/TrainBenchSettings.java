package io.livegraft.gpu.bench;

import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cuda.TrainingShape;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Optional;

/**
 * What {@link TrainBench} measures; a number out of range is an {@link ErrorCode#INVALID_CONFIGURATION}.
 *
 * @param device what computes
 * @param threads that compute, on the CPU
 * @param context tokens of a sequence
 * @param rank of the adapter, on all linear kinds
 * @param sequences of a step
 * @param steps that are measured, after a first one
 * @param warmUpSeconds before them at least: the virtual machine compiles what runs often
 * @param precision of the linear layers
 * @param sliceTokens of one pass at most; a longer sequence is a slice of its own
 * @param checkpointing what a slice keeps; empty leaves it to the device's memory plan, or keeps all where there is none
 */
public record TrainBenchSettings(
        ModelShape shape,
        DeviceSettings device,
        int threads,
        int context,
        int rank,
        int sequences,
        int steps,
        int warmUpSeconds,
        Precision precision,
        KernelChoice kernels,
        int sliceTokens,
        Optional<GradientCheckpointing> checkpointing) {
    public TrainBenchSettings {
        AtLeast.require(1, "threads", threads);
        AtLeast.require(2, "context", context);
        AtLeast.require(1, "rank", rank);
        AtLeast.require(1, "sequences", sequences);
        AtLeast.require(1, "steps", steps);
        AtLeast.require(0, "warm-up", warmUpSeconds);
    }

    /** As the memory plan counts with. */
    TrainingShape shapeOfStep() {
        int together = Math.clamp(sliceTokens / context, 1, sequences);
        return new TrainingShape(
                shape.config(),
                BasePrecision.of(precision),
                rank,
                MomentPrecision.FLOAT32,
                together * context,
                together);
    }

    /** Of a step. */
    double tokens() {
        return (double) sequences * context;
    }
}
