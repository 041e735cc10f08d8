package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How long one part of swaps kept the node from admitting requests, by the histogram of its metrics.
 *
 * @param buckets upper bound in seconds, and how many swaps held up for at most so long
 */
record HoldUp(NavigableMap<Double, Long> buckets) {
    private static final double MICROS = 1e6;

    /** From metrics in the text format of Prometheus. */
    static HoldUp of(String part, Stream<String> metrics) {
        String prefix = "livegraft_swap_hold_up_seconds_bucket{part=\"%s\",le=\"".formatted(part);
        NavigableMap<Double, Long> buckets = new TreeMap<>();
        metrics.filter(line -> line.startsWith(prefix)).forEach(line -> {
            String[] words = line.substring(prefix.length()).split("\"} ", -1);
            double bound = words[0].equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(words[0]);
            buckets.put(bound, (long) Double.parseDouble(words[1]));
        });
        return new HoldUp(buckets);
    }

    /** What came after an earlier look at the same node. */
    HoldUp since(HoldUp earlier) {
        NavigableMap<Double, Long> later = new TreeMap<>();
        buckets.forEach((bound, swaps) -> later.put(bound, swaps - earlier.buckets.getOrDefault(bound, 0L)));
        return new HoldUp(later);
    }

    /** Swaps counted. */
    long count() {
        return buckets.isEmpty() ? 0 : buckets.lastEntry().getValue();
    }

    /** The bound that at least this share of the swaps kept; infinite where none is known. */
    double boundMicros(double share) {
        return buckets.entrySet().stream()
                        .filter(bucket -> bucket.getValue() >= share * count())
                        .mapToDouble(bucket -> bucket.getKey())
                        .min()
                        .orElse(Double.POSITIVE_INFINITY)
                * MICROS;
    }

    ObjectNode json() {
        ObjectNode json = NodeApi.object()
                .put("count", count())
                .put("p50AtMost", boundMicros(0.5))
                .put("p90AtMost", boundMicros(0.9))
                .put("p99AtMost", boundMicros(0.99))
                .put("p999AtMost", boundMicros(0.999))
                .put("allAtMost", boundMicros(1));
        ObjectNode all = json.putObject("atMost");
        buckets.forEach((bound, swaps) -> all.put(Double.toString(bound * MICROS), swaps));
        return json;
    }
}
