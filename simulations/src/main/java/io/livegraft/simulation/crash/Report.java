package io.livegraft.simulation.crash;

import java.util.List;

/** What a run that breaks nodes found. */
sealed interface Report permits CrashReport, TakeoverReport {
    /** For people. */
    String text();

    /** One object. */
    String json();

    /** A sentence for everything that did not hold; empty where all held. */
    List<String> problems();
}
