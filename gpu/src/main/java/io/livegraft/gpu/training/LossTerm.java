package io.livegraft.gpu.training;

/**
 * One example's or pair's part of a loss, before the mean over the step.
 *
 * @param value nats
 * @param slope derivative by the argument: by log p for {@link Sft}, by the log-ratio or the difference of two otherwise
 */
public record LossTerm(double value, double slope) {}
