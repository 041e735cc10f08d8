package io.livegraft.actors.trainer;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many events each principal has put into the state since the last offer, immutable: what a cap against poisoning goes by.
 * A few hundred poisoned examples are enough for a model of any size (arXiv 2510.07192), so the cap is a count, not a share.
 *
 * @param events by principal, those that have none left out
 */
record Contributions(SortedMap<String, Integer> events) {
    static final Contributions NONE = new Contributions(new TreeMap<>());

    Contributions {
        events = Collections.unmodifiableSortedMap(new TreeMap<>(events));
    }

    /**
     * Whether a principal may put in another event; one that is nobody always may.
     *
     * @param cap of one principal; 0 is none
     * @param principals most of them to be counted; further ones may not put anything in
     */
    boolean admit(String principal, int cap, int principals) {
        if (cap == 0 || principal.isEmpty()) {
            return true;
        }
        return events.containsKey(principal) ? events.getOrDefault(principal, 0) < cap : events.size() < principals;
    }

    Contributions with(String principal) {
        if (principal.isEmpty()) {
            return this;
        }
        SortedMap<String, Integer> grown = new TreeMap<>(events);
        grown.merge(principal, 1, Integer::sum);
        return new Contributions(grown);
    }
}
