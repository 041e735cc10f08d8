package io.livegraft.gpu.engine;

/**
 * Whose computed state a request may reuse: nothing is shared across tenants or versions (law 2).
 *
 * @param tenant empty for the base by its own name
 * @param digest of the version that answers
 */
public record CacheKey(String tenant, String digest) {}
