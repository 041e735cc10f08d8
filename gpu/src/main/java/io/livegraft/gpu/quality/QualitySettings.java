package io.livegraft.gpu.quality;

import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import java.util.List;

/**
 * How every variant is trained.
 *
 * @param seeds each variant is trained once with each: they make the adapter's first values and the order of rows; without
 *     any nothing is trained and the base alone is measured
 * @param sampledTexts how many texts the fp32 base writes to measure the other precisions with; at least 2
 * @param batchTokens a step takes rows until it has this many tokens
 * @param kernels in whose bits everything is computed
 * @param adapterOptimizer for LoRA and QLoRA
 * @param fullOptimizer for full fine-tuning, which wants smaller steps
 */
public record QualitySettings(
        List<Long> seeds,
        int sampledTexts,
        int steps,
        int batchTokens,
        int sliceTokens,
        int threads,
        KernelChoice kernels,
        LoraConfig lora,
        OptimizerSettings adapterOptimizer,
        OptimizerSettings fullOptimizer) {
    public QualitySettings {
        seeds = List.copyOf(seeds);
        if (sampledTexts < 2 || steps < 1 || batchTokens < 1 || sliceTokens < 1) {
            throw new IllegalArgumentException(
                    "%d sampled texts must be at least 2; %d steps, %d batch tokens and %d slice tokens at least 1"
                            .formatted(sampledTexts, steps, batchTokens, sliceTokens));
        }
    }
}
