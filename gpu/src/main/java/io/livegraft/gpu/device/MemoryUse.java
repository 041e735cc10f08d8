package io.livegraft.gpu.device;

/**
 * Of a device's own memory.
 *
 * @param plan who has how much of it, for people
 * @param peakBytes the most that was in use at a time
 */
public record MemoryUse(String plan, long peakBytes) {}
