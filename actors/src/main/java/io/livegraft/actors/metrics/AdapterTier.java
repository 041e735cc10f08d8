package io.livegraft.actors.metrics;

import java.util.Locale;

/** Where an adapter can be, the nearest first. */
public enum AdapterTier {
    DEVICE,
    HOST,
    /** A copy on this machine's disk of what is in the store. */
    DISK,
    /** Files of this node, of all nodes, or S3. */
    STORE;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
