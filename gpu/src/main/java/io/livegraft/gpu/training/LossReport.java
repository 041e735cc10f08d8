package io.livegraft.gpu.training;

import java.util.Optional;

/**
 * What one step's loss came to.
 *
 * @param loss the mean as the loss's own formula says it, nats for all but {@link Kto} and {@link ApoZero}, which are bounded
 * @param targetTokens tokens that were scored
 * @param rewards empty for {@link Sft}
 * @param statistics for the next step
 */
public record LossReport(double loss, long targetTokens, Optional<RewardMetrics> rewards, LossStatistics statistics) {}
