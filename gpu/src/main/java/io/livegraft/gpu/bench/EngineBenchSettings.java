package io.livegraft.gpu.bench;

import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.LoraTargets;
import io.livegraft.gpu.lora.ModuleSelection;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.Precision;
import java.util.List;

/**
 * What {@link EngineBench} measures; a number out of range is an {@link ErrorCode#INVALID_CONFIGURATION}.
 *
 * @param device what computes
 * @param threads that compute, on the CPU
 * @param prompt tokens of the prompt
 * @param tokens that a run generates
 * @param depths tokens that one sequence has before those
 * @param batches sequences side by side; 1 is always measured
 * @param adapters how many different ones these have; 0 is always measured
 * @param rank of the adapters
 * @param targets layers that have them
 * @param precision of the linear layers
 * @param runs of each figure, after a first one
 * @param warmUpSeconds before anything is measured but the start: the virtual machine compiles what runs often
 * @param setBytes read to find the memory's ceiling
 */
public record EngineBenchSettings(
        ModelShape shape,
        DeviceSettings device,
        int threads,
        int prompt,
        int tokens,
        List<Integer> depths,
        List<Integer> batches,
        List<Integer> adapters,
        int rank,
        ModuleSelection targets,
        Precision precision,
        KernelChoice kernels,
        int runs,
        int warmUpSeconds,
        long setBytes) {
    public EngineBenchSettings {
        depths = List.copyOf(depths);
        batches = List.copyOf(batches);
        adapters = List.copyOf(adapters);
        AtLeast.require(1, "threads", threads);
        AtLeast.require(1, "prompt", prompt);
        AtLeast.require(1, "tokens", tokens);
        depths.forEach(depth -> AtLeast.require(0, "depth", depth));
        batches.forEach(batch -> AtLeast.require(1, "batch", batch));
        adapters.forEach(count -> AtLeast.require(0, "adapters", count));
        AtLeast.require(1, "rank", rank);
        AtLeast.require(1, "runs", runs);
        AtLeast.require(0, "warm-up", warmUpSeconds);
        LoraAdapter.layout(lora(rank, targets), shape.config());
    }

    /** Of all adapters. */
    LoraConfig lora() {
        return lora(rank, targets);
    }

    private static LoraConfig lora(int rank, ModuleSelection targets) {
        return new LoraConfig(rank, rank, false, LoraConfig.ALL_LINEAR).withTargets(LoraTargets.of(targets));
    }
}
