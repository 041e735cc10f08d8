package io.livegraft.gpu.tensor;

/** How the weights of the seven linear kinds are kept; all else is float32. */
public enum Precision {
    FP32,
    BF16,
    NF4
}
