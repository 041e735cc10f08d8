package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * How a time is distributed, by nearest rank.
 *
 * @param sorted ascending
 */
record Quantiles(List<Duration> sorted) {
    static Quantiles of(Collection<Duration> times) {
        return new Quantiles(times.stream().sorted().toList());
    }

    /** Of none, 0. */
    double millis(double share) {
        if (sorted.isEmpty()) {
            return 0;
        }
        int rank = Math.clamp((long) Math.ceil(share * sorted.size()), 1, sorted.size());
        return sorted.get(rank - 1).toNanos() / 1e6;
    }

    ObjectNode json() {
        return NodeApi.object()
                .put("count", sorted.size())
                .put("p50", millis(0.5))
                .put("p99", millis(0.99))
                .put("most", millis(1));
    }
}
