package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;

/** {@code wᵀ} of a weight in strips of bfloat16: a frozen adapter's matrix. */
record StripFactor(StripWeight weight) implements Factor {}
