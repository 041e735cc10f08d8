package io.livegraft.gpu.backend;

import java.lang.foreign.MemorySegment;

/**
 * A frozen weight as a backend keeps it, for a cache: nothing is computed to get it, nor to go on from it.
 *
 * @param form the backend's word for the order of the bytes
 * @param outputFeatures rows of the weight (out, in)
 * @param levels what indices stand for; arbitrary where the form has none
 * @param bytes in native memory, from a multiple of 64 on; not to be changed
 */
public record WeightImage(String form, int outputFeatures, int inputFeatures, float[] levels, MemorySegment bytes) {}
