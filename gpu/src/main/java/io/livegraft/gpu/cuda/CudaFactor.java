package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Factor;

/** {@code wᵀ} as a right-hand side that never changes: w (N,K) in bfloat16. */
record CudaFactor(Bf16Matrix w) implements Factor {}
