package io.livegraft.gpu.backend;

/** A tensor as it is, or its transpose. */
public record TensorFactor(Tensor tensor, Operand operand) implements Factor {}
