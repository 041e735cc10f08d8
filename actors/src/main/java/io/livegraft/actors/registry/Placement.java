package io.livegraft.actors.registry;

/** Where the registries are. */
public enum Placement {
    /** All in this process, which is alone with its database. */
    ALONE,
    /** Dealt out over the nodes of a cluster, which share the database. */
    SHARDED
}
