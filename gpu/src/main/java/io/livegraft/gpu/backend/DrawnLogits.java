package io.livegraft.gpu.backend;

/**
 * Tokens drawn from rows of logits: {@link Backend#draw}.
 *
 * @param ids one for each draw
 * @param values their logits, as they are without adjustments
 */
public record DrawnLogits(int[] ids, float[] values) {}
