package io.livegraft.actors.node;

import java.util.SequencedMap;

/** What readiness is made of. Liveness asks none of this. */
public interface NodeHealth {
    /** Whether every check is ok. */
    boolean ready();

    /** Name of each check to {@code ok} or the reason why not. */
    SequencedMap<String, String> checks();
}
