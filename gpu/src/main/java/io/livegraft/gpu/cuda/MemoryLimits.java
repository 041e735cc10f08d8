package io.livegraft.gpu.cuda;

/**
 * Memory that a {@link MemoryPlan} may spend, and what is taken before.
 *
 * @param arenaBytes of the device
 * @param metadataBytes of it for launches
 * @param cacheBytes of it for keys and values
 * @param copyBytes of it for bfloat16 copies of weights, at most
 * @param hostBytes page-locked memory of the host, at most
 */
public record MemoryLimits(long arenaBytes, long metadataBytes, long cacheBytes, long copyBytes, long hostBytes) {}
