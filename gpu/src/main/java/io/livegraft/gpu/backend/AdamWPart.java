package io.livegraft.gpu.backend;

/**
 * One of several tensors that {@link Backend#adamW(java.util.List)} steps; all of one shape.
 *
 * @param p parameters
 * @param m first moments
 * @param v second moments
 * @param g gradients
 */
public record AdamWPart(Tensor p, Tensor m, Tensor v, Tensor g, AdamWStep step) {}
