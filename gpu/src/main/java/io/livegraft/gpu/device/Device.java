package io.livegraft.gpu.device;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.backend.WeightImages;
import io.livegraft.gpu.cpu.CpuKernels;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.cuda.CudaBackend;
import io.livegraft.gpu.cuda.CudaException;
import io.livegraft.gpu.cuda.CudaProbe;
import io.livegraft.gpu.cuda.CudaSettings;
import io.livegraft.gpu.cuda.MemoryPlan;
import io.livegraft.gpu.cuda.TrainingShape;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A backend that was chosen and opened.
 *
 * @param images of its weights, for a cache
 * @param description of what computes and why, for people
 */
public record Device(Backend backend, WeightImages images, String description) {
    /**
     * Opens what the settings ask for.
     *
     * @param threads of the CPU's; 0 takes one per core
     * @param kernels of the CPU's, looked for where it is to compute
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} where CUDA, or what its profile needs, is asked for and missing
     */
    public static Device open(DeviceSettings settings, int threads, Supplier<CpuKernels> kernels) {
        return switch (settings) {
            case DeviceSettings.Cpu() -> cpu(threads, kernels.get(), "");
            case DeviceSettings.Cuda(var cuda, var profile) ->
                switch (CudaBackend.probe(cuda)) {
                    case CudaProbe.Found found -> cuda(found, cuda, profile);
                    case CudaProbe.Absent(var reason) -> throw missing("backend is cuda", reason);
                };
            case DeviceSettings.Auto(var cuda, var profile) ->
                switch (CudaBackend.probe(cuda)) {
                    case CudaProbe.Found found -> cuda(found, cuda, profile);
                    case CudaProbe.Absent(var reason) ->
                        switch (profile) {
                            case INVARIANT -> cpu(threads, kernels.get(), "; no CUDA: " + reason);
                            case FAST -> throw missing("profile is fast, which only a card has", reason);
                        };
                };
        };
    }

    /**
     * Plans training on a device with memory of its own, which follows the plan from now on; empty for others.
     *
     * @param cacheBytes for keys and values
     * @param asked what a slice keeps, where that is said
     */
    public Optional<MemoryPlan> plan(TrainingShape shape, long cacheBytes, Optional<GradientCheckpointing> asked) {
        return backend instanceof CudaBackend cuda
                ? Optional.of(cuda.plan(shape, cacheBytes, asked))
                : Optional.empty();
    }

    /** Gives up what loading a base took besides the base. */
    public void trim() {
        if (backend instanceof CudaBackend cuda) {
            cuda.trim();
        }
    }

    /** Empty where the device's memory is the process's own. */
    public Optional<MemoryUse> memoryUse() {
        return backend instanceof CudaBackend cuda
                ? Optional.of(new MemoryUse(cuda.memoryPlan(), cuda.peakBytes()))
                : Optional.empty();
    }

    private static Device cpu(int threads, CpuKernels kernels, String why) {
        VectorBackend backend = new VectorBackend(threads, kernels);
        return new Device(backend, backend, "kernels " + kernels.description() + why);
    }

    private static Device cuda(CudaProbe.Found found, CudaSettings settings, NumericProfile profile) {
        try {
            CudaBackend backend = CudaBackend.open(found, settings, profile);
            return new Device(backend, WeightImages.NONE, backend.description());
        } catch (CudaException refused) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, String.valueOf(refused.getMessage()), refused);
        }
    }

    private static LivegraftException missing(String asked, String reason) {
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION, "livegraft.engine.%s, but %s".formatted(asked, reason));
    }
}
