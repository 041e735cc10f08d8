package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long swaps kept the node from admitting requests, part by part; it admits some between them.
 *
 * @param before a version is made ready
 * @param flip it begins to serve
 * @param after metrics and logs are told
 */
record HoldUps(HoldUp before, HoldUp flip, HoldUp after) {
    /** From metrics in the text format of Prometheus. */
    static HoldUps of(Stream<String> metrics) {
        List<String> lines = metrics.toList();
        return new HoldUps(
                HoldUp.of("before", lines.stream()),
                HoldUp.of("flip", lines.stream()),
                HoldUp.of("after", lines.stream()));
    }

    /** What came after an earlier look at the same node. */
    HoldUps since(HoldUps earlier) {
        return new HoldUps(before.since(earlier.before), flip.since(earlier.flip), after.since(earlier.after));
    }

    /** The flip's, with the others beside it. */
    ObjectNode json() {
        ObjectNode json = flip.json();
        json.set("before", before.json());
        json.set("after", after.json());
        return json;
    }
}
