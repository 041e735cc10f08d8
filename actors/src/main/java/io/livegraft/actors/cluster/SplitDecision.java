package io.livegraft.actors.cluster;

/** Who goes on when nodes lose sight of each other; the others end. */
public enum SplitDecision {
    /** Whoever gets a lease in the registry's database first; the larger part tries first. Also right for two nodes. */
    LEASE,
    /** The larger part, of halves the one with the lowest address: of two nodes the other one can't go on alone. */
    MAJORITY
}
