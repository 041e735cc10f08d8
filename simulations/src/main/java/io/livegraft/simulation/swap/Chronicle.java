package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * All that the node decided about one tenant, put together from what it tells again and again: which version was to serve when,
 * and which bits each has. Version 0 is the base.
 */
final class Chronicle {
    /** Versions older than that may be dropped at any moment. */
    private static final int NEWEST = 8;

    /**
     * From a decision to the next one that changes what serves.
     *
     * @param until the end of time for the last one
     */
    record Reign(int version, int previous, Instant from, Instant until) {}

    private record Decision(Instant at, String action, int serving) {}

    private final NavigableMap<Long, Decision> decisions = new TreeMap<>();
    private final NavigableMap<Integer, String> digests = new TreeMap<>();

    /** Takes a look at the adapter, as the admin interface shows it. */
    synchronized void take(JsonNode adapter) {
        adapter.path("versions")
                .forEach(version -> digests.put(
                        version.path("number").asInt(), version.path("digest").asText()));
        adapter.path("history")
                .forEach(entry -> decisions.put(
                        entry.path("number").asLong(),
                        new Decision(
                                Instant.parse(entry.path("at").asText()),
                                entry.path("action").asText(),
                                entry.path("serving").asInt())));
    }

    /** Highest number of a version; 0 where there is none. */
    synchronized int newest() {
        return digests.isEmpty() ? 0 : digests.lastKey();
    }

    /** The base or one of the latest versions, all of which are retained. */
    synchronized int draw(SplittableRandom random) {
        List<Integer> numbers = new ArrayList<>(
                digests.descendingKeySet().stream().limit(NEWEST).toList());
        numbers.add(0);
        return numbers.get(random.nextInt(numbers.size()));
    }

    /** Of a version; empty for a number that nobody ever told. */
    synchronized Optional<String> digest(int version) {
        return version == 0 ? Optional.of("") : Optional.ofNullable(digests.get(version));
    }

    synchronized Collection<String> digests() {
        return List.copyOf(digests.values());
    }

    /** Decisions that no look has shown: too many came between two. */
    synchronized long missed() {
        return decisions.isEmpty() ? 0 : decisions.lastKey() - decisions.size();
    }

    /** Oldest first; the base's own, before all decisions, comes first. */
    synchronized List<Reign> reigns() {
        List<Reign> reigns = new ArrayList<>();
        int serving = 0;
        int previous = 0;
        Instant from = Instant.MIN;
        for (Decision decision : decisions.values()) {
            if (decision.serving() != serving) {
                reigns.add(new Reign(serving, previous, from, decision.at()));
                previous = serving;
                serving = decision.serving();
                from = decision.at();
            }
        }
        reigns.add(new Reign(serving, previous, from, Instant.MAX));
        return reigns;
    }

    /** How often each kind of decision changed what serves, from a moment on. */
    synchronized Map<String, Integer> swaps(Instant since) {
        Map<String, Integer> swaps = new HashMap<>();
        int serving = 0;
        for (Decision decision : decisions.values()) {
            if (decision.serving() != serving && !decision.at().isBefore(since)) {
                swaps.merge(decision.action(), 1, Integer::sum);
            }
            serving = decision.serving();
        }
        return swaps;
    }
}
