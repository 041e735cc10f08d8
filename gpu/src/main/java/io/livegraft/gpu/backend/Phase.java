package io.livegraft.gpu.backend;

/**
 * What a product is for. A backend may choose its arithmetic by phase, never by how many rows happen to be there: that is what
 * keeps one tenant's numbers free of its neighbours (law 3).
 */
public enum Phase {
    /** Training and evaluation: whole sequences. */
    TRAINING,
    /** The prompt of a generation. */
    PREFILL,
    /** One token of each running generation. */
    DECODE
}
