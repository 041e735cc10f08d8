package io.livegraft.gpu.backend;

/**
 * Keys and values of one sequence: for each layer both (capacity, G·D), G = key and value heads, D = head dimension. Positions
 * fill up from 0; one beyond the capacity is a broken invariant of the caller, {@link IllegalArgumentException}.
 */
public interface KvCache {
    /** Positions there is room for. */
    int capacity();

    long bytes();

    /** Gives its memory back; whoever still reads it finds anything there. */
    default void close() {}
}
