package io.livegraft.gpu.backend;

/** Keys and values of one sequence, all layers; positions fill up from 0. */
public interface KvCache {
    /** Positions there is room for. */
    int capacity();

    long bytes();
}
