package io.livegraft.gpu.training;

/**
 * What one optimizer step did.
 *
 * @param loss mean negative log-likelihood per target token before the step, nats
 * @param gradientNorm L2 norm before clipping
 */
public record StepResult(TrainingState state, double loss, long targetTokens, double gradientNorm) {}
