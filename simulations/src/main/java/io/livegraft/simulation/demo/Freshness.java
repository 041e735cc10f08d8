package io.livegraft.simulation.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How old feedback is when an answer first shows it, measured from outside: from an event's time to the first token of the
 * first answer by a version that contains the event (same partition, offset up to the version's).
 *
 * <p>Facts may come in any order: an answer may name a version before the admin interface lists it.
 */
final class Freshness {
    private record Event(String tenant, int partition, long offset, long timeMillis) {}

    private record Version(String tenant, int number) {}

    private record Extent(int partition, long offset) {}

    /**
     * Seconds by nearest rank over the served events; absent where none was served.
     *
     * @param served events contained in a version that has answered
     * @param unserved events not (yet) contained in one
     */
    record Summary(OptionalDouble p50, OptionalDouble p99, OptionalDouble max, int served, int unserved) {}

    private final List<Event> events = new ArrayList<>();
    private final Map<Version, Extent> extents = new HashMap<>();
    private final Map<Version, Long> firstTokens = new HashMap<>();

    /** An event is in the log. */
    synchronized void sent(String tenant, int partition, long offset, long eventTimeMillis) {
        events.add(new Event(tenant, partition, offset, eventTimeMillis));
    }

    /** A version contains the log of its tenant up to and including this offset. */
    synchronized void contains(String tenant, int version, int partition, long offset) {
        extents.put(new Version(tenant, version), new Extent(partition, offset));
    }

    /** An answer by the version began; only the earliest counts. */
    synchronized void answered(String tenant, int version, long firstTokenMillis) {
        firstTokens.merge(new Version(tenant, version), firstTokenMillis, Math::min);
    }

    synchronized Summary all() {
        return summary(events);
    }

    synchronized Summary of(String tenant) {
        return summary(
                events.stream().filter(event -> event.tenant.equals(tenant)).toList());
    }

    private Summary summary(List<Event> chosen) {
        List<Double> seconds = chosen.stream()
                .map(this::seconds)
                .flatMap(Optional::stream)
                .sorted(Comparator.naturalOrder())
                .toList();
        return new Summary(
                rank(seconds, 0.50),
                rank(seconds, 0.99),
                rank(seconds, 1),
                seconds.size(),
                chosen.size() - seconds.size());
    }

    private Optional<Double> seconds(Event event) {
        return firstTokens.entrySet().stream()
                .filter(answer -> containing(answer.getKey(), event))
                .map(Map.Entry::getValue)
                .min(Comparator.naturalOrder())
                .map(first -> (first - event.timeMillis) / 1000.0);
    }

    private boolean containing(Version version, Event event) {
        Extent extent = extents.get(version);
        return extent != null
                && version.tenant.equals(event.tenant)
                && extent.partition == event.partition
                && extent.offset >= event.offset;
    }

    private static OptionalDouble rank(List<Double> sorted, double share) {
        return sorted.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(sorted.get((int) Math.ceil(share * sorted.size()) - 1));
    }
}
