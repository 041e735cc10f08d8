package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;

/**
 * {@code wᵀ} of a frozen adapter's matrix in strips.
 *
 * @param weight in bfloat16
 * @param decode what decode steps multiply with: the same, or whole numbers
 */
record StripFactor(StripWeight weight, StripWeight decode) implements Factor {
    static StripFactor of(Factor factor) {
        return (StripFactor) factor;
    }
}
