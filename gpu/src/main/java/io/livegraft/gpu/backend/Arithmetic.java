package io.livegraft.gpu.backend;

import io.livegraft.gpu.tensor.Precision;

/**
 * What a product of two float32 tensors may round its operands to; sums are float32 in any case. A backend that has no use for
 * the permission computes as with {@link #FLOAT32}.
 */
public enum Arithmetic {
    /** Nothing is rounded: float32 bases and full training. */
    FLOAT32,
    /** Operands may be rounded to bfloat16, to nearest even: beside weights that are held in less than float32. */
    BFLOAT16;

    /** Beside frozen weights of a precision. */
    public static Arithmetic beside(Precision weights) {
        return switch (weights) {
            case FP32 -> FLOAT32;
            case BF16, NF4, NF4_SINGLE, FP4, INT8, INT4 -> BFLOAT16;
        };
    }
}
