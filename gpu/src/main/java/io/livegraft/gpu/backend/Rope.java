package io.livegraft.gpu.backend;

import io.livegraft.gpu.model.RopeScaling;

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) in the half-split form of Hugging Face checkpoints.
 *
 * @param headDim D, even
 * @param theta base of the frequencies: pair i of a head turns by {@code position · scaling(theta^(−2i/D))}
 * @param scaling of the frequencies
 */
public record Rope(int headDim, double theta, RopeScaling scaling) {
    public Rope {
        if (headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException("head dimension %d must be even and at least 2".formatted(headDim));
        }
    }

    /** Radians per position of one pair. */
    public double frequency(int pair) {
        return scaling.apply(StrictMath.pow(theta, -2.0 * pair / headDim));
    }

    /** The angle of one pair, in radians. */
    public double angle(int position, int pair) {
        return position * frequency(pair);
    }
}
