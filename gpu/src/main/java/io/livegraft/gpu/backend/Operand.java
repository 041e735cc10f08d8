package io.livegraft.gpu.backend;

/** Whether a matrix enters a product as it is or transposed. */
public enum Operand {
    PLAIN,
    TRANSPOSED
}
