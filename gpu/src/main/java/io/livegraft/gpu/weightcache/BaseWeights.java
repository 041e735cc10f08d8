package io.livegraft.gpu.weightcache;

import io.livegraft.gpu.backend.WeightSource;

/** Where the matrices of one base come from at this start. */
public sealed interface BaseWeights extends WeightSource permits KeptWeights, NewWeights {
    /** SHA-256 of the base, as {@code ModelDirectory.digest} has it; kept weights know it, else the first call reads all files. */
    String baseDigest();

    /** Says that all weights were asked for: new ones are written now. */
    void complete();
}
