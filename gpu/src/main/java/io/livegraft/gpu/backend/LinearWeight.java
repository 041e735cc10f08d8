package io.livegraft.gpu.backend;

/**
 * A frozen weight (out, in) of a linear layer in whatever form the backend keeps it; {@link Backend#freeze} makes it. A product
 * sees the values that the form decodes to, may round its operands as {@link Arithmetic#beside} the form's precision says, and
 * gives the weight no gradient.
 */
public interface LinearWeight {
    int outputFeatures();

    int inputFeatures();

    /** Memory it takes. */
    long bytes();
}
