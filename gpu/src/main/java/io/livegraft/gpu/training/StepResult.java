package io.livegraft.gpu.training;

import java.util.Optional;

/**
 * What one optimizer step did.
 *
 * @param loss mean over the step, before it; its unit is the loss's own: nats per target token for {@link Sft}
 * @param targetTokens tokens that were scored
 * @param gradientNorm L2 norm before clipping
 * @param rewards how completions lay before the step; empty for {@link Sft}
 */
public record StepResult(
        TrainingState state, double loss, long targetTokens, double gradientNorm, Optional<RewardMetrics> rewards) {}
