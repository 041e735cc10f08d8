package io.livegraft.simulation.demo;

/** What is measured while the story runs. */
record Measurements(Freshness freshness, Tally tally) {
    Measurements() {
        this(new Freshness(), new Tally());
    }
}
