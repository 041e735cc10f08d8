package io.livegraft.simulation.run;

import java.util.List;

/** What a run found. */
public interface Report {
    /** For people. */
    String text();

    /** One object. */
    String json();

    /** A sentence for everything that did not hold; empty where all held. */
    List<String> problems();
}
