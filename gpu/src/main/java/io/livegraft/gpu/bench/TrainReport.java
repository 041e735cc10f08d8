package io.livegraft.gpu.bench;

import io.livegraft.gpu.device.MemoryUse;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What {@link TrainBench} measured.
 *
 * @param checkpointing that was asked for or chosen
 * @param kernels profile, and which kernel serves which phase
 * @param trainableParameters of the adapter
 * @param tokensPerSecond of whole steps: forward, backward and optimizer
 * @param forwardTokensPerSecond of an evaluation of the same sequences with the adapter
 * @param passSeconds forward and backward of a step, mean
 * @param optimizerSeconds of a step, mean
 * @param modelBytes that the base's weights take
 * @param peakResidentBytes the most that the whole process ever took; Linux only
 * @param deviceMemory where that is not the process's own
 */
public record TrainReport(
        Machine machine,
        TrainBenchSettings settings,
        GradientCheckpointing checkpointing,
        String kernels,
        int trainableParameters,
        Rate tokensPerSecond,
        Rate forwardTokensPerSecond,
        double passSeconds,
        double optimizerSeconds,
        long modelBytes,
        OptionalLong peakResidentBytes,
        Optional<MemoryUse> deviceMemory) {}
