package io.livegraft.gpu.backend;

/** Both moments of one tensor in 8 bits, in a backend's memory; {@link Backend#blockwise} makes it. */
public interface BlockwiseMoments {
    /**
     * {@link Backend#adamW} with these moments, which are taken out of their 8 bits and put back.
     *
     * @param p parameters, as many as there are moments
     * @param g gradients, as many
     */
    void step(Tensor p, Tensor g, AdamWStep step);

    /** A copy in host memory. */
    BlockwiseState state();
}
