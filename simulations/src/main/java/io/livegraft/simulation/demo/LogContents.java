package io.livegraft.simulation.demo;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a topic holds of each tenant.
 *
 * @param eventIds of each tenant
 * @param lastOffsets of each tenant's last record
 */
record LogContents(Map<String, Set<String>> eventIds, Map<String, Long> lastOffsets) {
    static final LogContents EMPTY = new LogContents(Map.of(), Map.of());

    boolean holds(String tenant, String eventId) {
        return eventIds.getOrDefault(tenant, Set.of()).contains(eventId);
    }

    int count(String tenant) {
        return eventIds.getOrDefault(tenant, Set.of()).size();
    }

    static final class Builder {
        private final Map<String, Set<String>> eventIds = new HashMap<>();
        private final Map<String, Long> lastOffsets = new HashMap<>();

        void add(String tenant, String eventId, long offset) {
            eventIds.computeIfAbsent(tenant, first -> new HashSet<>()).add(eventId);
            lastOffsets.merge(tenant, offset, Math::max);
        }

        LogContents build() {
            return new LogContents(Map.copyOf(eventIds), Map.copyOf(lastOffsets));
        }
    }
}
