package io.livegraft.gpu.device;

import com.typesafe.config.Config;
import io.livegraft.gpu.cuda.CudaSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/** Setting {@code livegraft.engine.backend} with what it needs; part of the numeric profile. */
public sealed interface DeviceSettings {
    /** CUDA where a device and kernels for it are there, else the CPU. */
    record Auto(CudaSettings cuda) implements DeviceSettings {}

    /** The CPU. */
    record Cpu() implements DeviceSettings {}

    /** CUDA, or a refusal that says what is missing. */
    record Cuda(CudaSettings cuda) implements DeviceSettings {}

    /** Of section {@code livegraft.engine}. */
    static DeviceSettings from(Config engine) {
        return named(engine.getString("backend"), engine);
    }

    /**
     * As a command's option says it.
     *
     * @param engine section {@code livegraft.engine}, for the rest
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} for another word
     */
    static DeviceSettings named(String backend, Config engine) {
        return switch (backend) {
            case "auto" -> new Auto(CudaSettings.from(engine.getConfig("cuda")));
            case "cpu" -> new Cpu();
            case "cuda" -> new Cuda(CudaSettings.from(engine.getConfig("cuda")));
            default ->
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.engine.backend is '%s', expected auto, cpu or cuda".formatted(backend));
        };
    }
}
