package io.livegraft.actors.metrics;

/** The parts of a swap that keep a replica from admitting requests; it admits some between them. */
public enum SwapPart {
    /** Something came, a decision or what was verified or staged for it, and a version is ready. */
    BEFORE,
    /** It begins to serve. */
    FLIP,
    /** Metrics and logs are told. */
    AFTER
}
