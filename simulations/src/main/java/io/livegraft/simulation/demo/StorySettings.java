package io.livegraft.simulation.demo;

import io.livegraft.simulation.feedback.CsvColumns;

/**
 * What makes a story the same story: its events and the node that learns from them.
 *
 * @param base directory, or empty for the bundled base
 * @param data CSV file, or empty for the made-up houses
 * @param events 0 for all there are
 * @param precision empty for the configured one
 */
record StorySettings(String base, String data, CsvColumns columns, int events, String precision, long seed) {
    String describe() {
        return "base %s, data %s, %s events, precision %s"
                .formatted(
                        base.isEmpty() ? "(bundled)" : base,
                        data.isEmpty()
                                ? "(made up)"
                                : data + " columns " + columns.prompt() + "/" + columns.completion(),
                        events == 0 ? "all" : String.valueOf(events),
                        precision.isEmpty() ? "(configured)" : precision);
    }
}
