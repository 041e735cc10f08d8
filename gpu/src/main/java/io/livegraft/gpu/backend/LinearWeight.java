package io.livegraft.gpu.backend;

/** A frozen weight (out, in) of a linear layer in whatever form the backend keeps it. */
public interface LinearWeight {
    int outputFeatures();

    int inputFeatures();

    /** Memory it takes. */
    long bytes();
}
