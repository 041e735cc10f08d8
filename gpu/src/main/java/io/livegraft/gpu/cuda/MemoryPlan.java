package io.livegraft.gpu.cuda;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a training step takes of a device's memory under every policy that the settings permit, and the fastest one that fits. A pure
 * function of shapes, settings and limits.
 *
 * @param steps the fastest first; at least one
 * @param copyable bytes of bfloat16 copies of all that is quantized
 */
public record MemoryPlan(TrainingShape shape, MemoryLimits limits, List<PlannedStep> steps, long copyable) {
    public MemoryPlan {
        steps = List.copyOf(steps);
    }

    /**
     * Plans without a device.
     *
     * @param asked what a slice keeps, where that is said
     */
    public static MemoryPlan of(
            TrainingShape shape, MemoryLimits limits, OffloadSettings offload, Optional<GradientCheckpointing> asked) {
        List<PlannedStep> steps = TrainingPolicy.permitted(offload, asked).stream()
                .map(policy -> PlannedStep.of(shape, limits, policy))
                .toList();
        return new MemoryPlan(shape, limits, steps, BaseBytes.copies(shape.config(), shape.precision()));
    }

    /** The fastest that fits. */
    public Optional<PlannedStep> fitting() {
        return steps.stream().filter(step -> step.fits(limits)).findFirst();
    }

    /** {@link #fitting}, else what comes nearest. */
    public PlannedStep best() {
        return fitting().orElseGet(this::smallest);
    }

    /** The one that takes least of the device. */
    private PlannedStep smallest() {
        return steps.stream()
                .min(Comparator.comparingLong(PlannedStep::deviceBytes))
                .orElseThrow();
    }

    /**
     * {@link #fitting}, or a refusal.
     *
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} with the table where nothing fits
     */
    public PlannedStep chosen() {
        return fitting().orElseThrow(() -> new LivegraftException(ErrorCode.INVALID_CONFIGURATION, refusal()));
    }

    /** What is missing where nothing fits, and what would have to shrink. */
    public String refusal() {
        return "a training step does not fit: at least %.1f MiB of the device, of which there are %.1f, and %.1f MiB of the host, of which livegraft.engine.cuda.offload-memory allows %.1f; fewer slice-tokens, a smaller rank, 8-bit moments, a smaller kv-cache.memory, or policies that are left to auto take less%n%s"
                .formatted(
                        DeviceMemory.mib(smallest().deviceBytes()),
                        DeviceMemory.mib(limits.arenaBytes()),
                        DeviceMemory.mib(smallest().hostBytes()),
                        DeviceMemory.mib(limits.hostBytes()),
                        table());
    }

    /** What is left for bfloat16 copies of weights beside a step. */
    public long copyBytes(PlannedStep step) {
        long left = Math.max(0, limits.arenaBytes() - step.deviceBytes());
        return Math.min(Math.min(limits.copyBytes(), copyable), left);
    }

    /** For people, in MiB: a line for each policy, {@code *} before the fastest that fits. */
    public String table() {
        StringBuilder table = new StringBuilder("%d tokens a slice in %d sequences, rank %d, moments %s; MiB of %.1f%n"
                .formatted(
                        shape.sliceTokens(),
                        shape.sequences(),
                        shape.rank(),
                        shape.moments().name().toLowerCase(Locale.ROOT),
                        DeviceMemory.mib(limits.arenaBytes())));
        Optional<PlannedStep> fitting = fitting();
        for (PlannedStep step : steps) {
            boolean chosen = fitting.filter(step::equals).isPresent();
            table.append("%s %s: %.1f%s%n"
                    .formatted(
                            chosen ? "*" : " ",
                            step.policy(),
                            DeviceMemory.mib(step.deviceBytes()),
                            step.hostBytes() > 0 ? ", host %.1f".formatted(DeviceMemory.mib(step.hostBytes())) : ""));
        }
        fitting.ifPresent(step -> parts(table, step));
        return table.toString();
    }

    private void parts(StringBuilder table, PlannedStep step) {
        step.device()
                .forEach((part, bytes) ->
                        table.append("  %-28s %12.1f%n".formatted(part.label(), DeviceMemory.mib(bytes))));
        table.append("  %-28s %12.1f%n".formatted("bfloat16 copies of weights", DeviceMemory.mib(copyBytes(step))));
        table.append("  %-28s %12.1f"
                .formatted("free", DeviceMemory.mib(limits.arenaBytes() - step.deviceBytes() - copyBytes(step))));
    }
}
