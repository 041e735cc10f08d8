package io.livegraft.gpu.transformer;

/**
 * The next token of a sequence.
 *
 * @param logprob natural log-probability of it under the unmodified distribution
 */
public record DrawnToken(int id, float logprob) {}
