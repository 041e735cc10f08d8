package io.livegraft.actors.ingest;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The offset of one partition to restart from: everything below it is part of a checkpoint or in the dead-letter topic.
 * Errs on the early side, because what is read again changes nothing.
 */
final class LowWaterMark {
    private final NavigableSet<Long> deadLettering = new TreeSet<>();
    /** From where each of these tenants must be read again. */
    private final Map<String, Long> missed = new HashMap<>();

    private long next;

    /** Read from the log. */
    void read(long offset) {
        next = offset + 1;
    }

    /** Reading goes on from here: what was missed from here on is not missed any more. */
    void readsFrom(long offset) {
        next = offset;
        missed.values().removeIf(from -> from >= offset);
    }

    /** A tenant's entries from here on have not been given to a trainer, or in vain. */
    void missed(String tenant, long from) {
        missed.merge(tenant, from, Math::min);
    }

    boolean misses(String tenant) {
        return missed.containsKey(tenant);
    }

    Set<String> missed() {
        return missed.keySet();
    }

    void deadLettering(long offset) {
        deadLettering.add(offset);
    }

    void deadLettered(long offset) {
        deadLettering.remove(offset);
    }

    long value(Collection<AwakeTenant> awake) {
        long lowest = deadLettering.isEmpty() ? next : Math.min(next, deadLettering.first());
        for (long from : missed.values()) {
            lowest = Math.min(lowest, from);
        }
        for (AwakeTenant tenant : awake) {
            if (!tenant.atRest()) {
                lowest = Math.min(lowest, tenant.hold());
            }
        }
        return lowest;
    }
}
