package io.livegraft.gpu.device;

import com.typesafe.config.Config;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.cuda.CudaSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/** Settings {@code livegraft.engine.backend} and {@code profile} with what they need; part of the numeric profile. */
public sealed interface DeviceSettings {
    /** CUDA where a device and kernels for it are there, else the CPU, which has no profile but invariant. */
    record Auto(CudaSettings cuda, NumericProfile profile) implements DeviceSettings {}

    /** The CPU. */
    record Cpu() implements DeviceSettings {}

    /** CUDA, or a refusal that says what is missing. */
    record Cuda(CudaSettings cuda, NumericProfile profile) implements DeviceSettings {}

    /** Of the adapters that a memory plan counts with; 1 where there is none. */
    default int plannedRank() {
        return switch (this) {
            case Auto auto -> auto.cuda().plannedRank();
            case Cpu() -> 1;
            case Cuda cuda -> cuda.cuda().plannedRank();
        };
    }

    /** Of section {@code livegraft.engine}. */
    static DeviceSettings from(Config engine) {
        return named(engine.getString("backend"), engine);
    }

    /**
     * As a command's option says it.
     *
     * @param engine section {@code livegraft.engine}, for the rest
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} for another word, and for the CPU where the profile is fast
     */
    static DeviceSettings named(String backend, Config engine) {
        NumericProfile profile = NumericProfile.of(engine.getString("profile"));
        return switch (backend) {
            case "auto" -> new Auto(CudaSettings.from(engine.getConfig("cuda")), profile);
            case "cpu" -> cpu(profile);
            case "cuda" -> new Cuda(CudaSettings.from(engine.getConfig("cuda")), profile);
            default ->
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.engine.backend is '%s', expected auto, cpu or cuda".formatted(backend));
        };
    }

    private static DeviceSettings cpu(NumericProfile profile) {
        return switch (profile) {
            case INVARIANT -> new Cpu();
            case FAST ->
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.engine.profile is fast, which the CPU has no library for: it is always invariant");
        };
    }
}
