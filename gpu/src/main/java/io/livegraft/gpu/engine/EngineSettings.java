package io.livegraft.gpu.engine;

import com.typesafe.config.Config;
import io.livegraft.gpu.cpu.CpuKernels;
import io.livegraft.gpu.cpu.DecodeActivations;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.weightcache.WeightCacheSettings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Section {@code livegraft.engine} of the configuration.
 *
 * @param base Hugging Face directory
 * @param precision of the linear layers; empty takes what the base stores, NF4 where that is not quantized
 * @param headPrecision BF16 or INT8, of the head of a base that is not FP32; empty takes INT8 beside 4 bits, else BF16
 * @param device what computes; part of the numeric profile
 * @param threads workers of the CPU backend; 0 takes one per core
 * @param maxSequences generations admitted at once
 * @param maxSequenceTokens prompt and answer together; 0 takes the base's own limit
 * @param kvCache room for keys and values
 * @param sliceTokens tokens of one training slice at most (a longer example is one slice)
 * @param checkpointing what a training slice keeps of its forward half; empty leaves it to the device's memory plan, or keeps all where
 *     there is none; never changes a bit of any result
 * @param kernels of the CPU backend; part of the numeric profile
 * @param decodeActivations what decode steps multiply weights of 4 and 8 bits with; part of the numeric profile
 * @param promptActivations what prompts multiply weights of 4 and 8 bits with; part of the numeric profile
 * @param weightCache where weights are kept in the form that kernels read; never changes a bit of any result
 */
public record EngineSettings(
        Path base,
        Optional<Precision> precision,
        Optional<Precision> headPrecision,
        DeviceSettings device,
        int threads,
        int maxSequences,
        int maxSequenceTokens,
        KvCacheSettings kvCache,
        int sliceTokens,
        Optional<GradientCheckpointing> checkpointing,
        KernelChoice kernels,
        DecodeActivations decodeActivations,
        PromptActivations promptActivations,
        WeightCacheSettings weightCache) {
    private static final String AUTO = "auto";

    public EngineSettings {
        if (headPrecision
                .filter(head -> head != Precision.BF16 && head != Precision.INT8)
                .isPresent()) {
            throw new IllegalArgumentException(
                    "head-precision is %s, expected auto, bf16 or int8".formatted(headPrecision.get()));
        }
        if (threads < 0 || maxSequences < 1 || maxSequenceTokens < 0 || sliceTokens < 1) {
            throw new IllegalArgumentException(
                    "engine settings out of range: threads %d and max-sequence-tokens %d at least 0, max-sequences %d and slice-tokens %d at least 1"
                            .formatted(threads, maxSequenceTokens, maxSequences, sliceTokens));
        }
    }

    /** What a CPU computes with. */
    CpuKernels cpuKernels() {
        return promptActivations.of(decodeActivations.of(kernels.kernels()));
    }

    private static Optional<Precision> precision(String name) {
        return name.equals(AUTO) ? Optional.empty() : Optional.of(Precision.of(name));
    }

    public static EngineSettings from(Config engine) {
        return new EngineSettings(
                Path.of(engine.getString("base")),
                precision(engine.getString("precision")),
                precision(engine.getString("head-precision")),
                DeviceSettings.from(engine),
                engine.getInt("threads"),
                engine.getInt("max-sequences"),
                engine.getInt("max-sequence-tokens"),
                KvCacheSettings.from(engine.getConfig("kv-cache")),
                engine.getInt("slice-tokens"),
                GradientCheckpointing.named(engine.getString("gradient-checkpointing")),
                KernelChoice.of(engine.getString("kernels")),
                DecodeActivations.of(engine.getString("decode-activations")),
                PromptActivations.of(engine.getString("prompt-activations")),
                WeightCacheSettings.from(engine, System.getenv()));
    }
}
