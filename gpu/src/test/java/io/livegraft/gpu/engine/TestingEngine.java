package io.livegraft.gpu.engine;

import io.livegraft.gpu.cpu.DecodeActivations;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.weightcache.WeightCacheSettings;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** Engines over the bundled base, for tests. */
final class TestingEngine {
    private TestingEngine() {}

    static Engine open(int maxSequences) {
        return open(maxSequences, () -> cpu(2, KernelChoice.AUTO));
    }

    static Engine open(int maxSequences, Supplier<Device> device) {
        return open(maxSequences, new KvCacheSettings(64 << 20, 64, true), device);
    }

    static Engine open(int maxSequences, KvCacheSettings kvCache, Supplier<Device> device) {
        Path base = Path.of(System.getProperty("basedir", ""), "../deploy/base/livegraft-tiny")
                .normalize();
        return Engine.open(
                new EngineSettings(
                        base,
                        Optional.of(Precision.NF4),
                        Optional.empty(),
                        new DeviceSettings.Cpu(),
                        2,
                        maxSequences,
                        0,
                        kvCache,
                        256,
                        Optional.of(GradientCheckpointing.NONE),
                        KernelChoice.AUTO,
                        DecodeActivations.AUTO,
                        PromptActivations.AUTO,
                        WeightCacheSettings.OFF),
                device);
    }

    /** The CPU with so many threads. */
    static Device cpu(int threads, KernelChoice kernels) {
        return cpu(threads, kernels, PromptActivations.AUTO);
    }

    static Device cpu(int threads, KernelChoice kernels, PromptActivations prompts) {
        return Device.open(
                new DeviceSettings.Cpu(), threads, () -> prompts.of(DecodeActivations.AUTO.of(kernels.kernels())));
    }
}
