package io.livegraft.gpu.backend;

/**
 * What an adapter adds to a linear layer, {@code y += s·(x·Aᵀ)·Bᵀ}.
 *
 * @param shrink Aᵀ (in,r)
 * @param expand Bᵀ (r,out)
 * @param scaling s
 */
public record LowRankPair(int rank, Factor shrink, Factor expand, float scaling) {}
