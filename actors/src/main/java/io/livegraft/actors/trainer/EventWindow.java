package io.livegraft.actors.trainer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The ids of the latest events, immutable. Kept in chunks so that adding one copies a small part only, and dropped a whole
 * chunk at a time: between {@code capacity − capacity/32} and {@code capacity} ids are remembered once it is full.
 *
 * <p>Invariant: every chunk but the last is full, so the ids in order are enough to make the same window again.
 */
final class EventWindow {
    static final int CHUNKS = 32;

    private final int chunkSize;
    private final List<Set<String>> full;
    private final Set<String> young;

    private EventWindow(int chunkSize, List<Set<String>> full, Set<String> young) {
        this.chunkSize = chunkSize;
        this.full = full;
        this.young = young;
    }

    static EventWindow empty(int capacity) {
        return new EventWindow(capacity / CHUNKS, List.of(), Set.of());
    }

    /** The window that held these ids, oldest first. */
    static EventWindow of(int capacity, List<String> ids) {
        int chunkSize = capacity / CHUNKS;
        List<Set<String>> full = new ArrayList<>();
        int from = 0;
        for (; ids.size() - from >= chunkSize; from += chunkSize) {
            full.add(new LinkedHashSet<>(ids.subList(from, from + chunkSize)));
        }
        int surplus = Math.max(0, full.size() - CHUNKS + 1);
        return new EventWindow(
                chunkSize,
                List.copyOf(full.subList(surplus, full.size())),
                new LinkedHashSet<>(ids.subList(from, ids.size())));
    }

    boolean contains(String id) {
        return young.contains(id) || full.stream().anyMatch(chunk -> chunk.contains(id));
    }

    EventWindow with(String id) {
        Set<String> grown = new LinkedHashSet<>(young);
        grown.add(id);
        if (grown.size() < chunkSize) {
            return new EventWindow(chunkSize, full, grown);
        }
        List<Set<String>> chunks = new ArrayList<>(full);
        chunks.add(grown);
        return new EventWindow(
                chunkSize, List.copyOf(chunks.size() < CHUNKS ? chunks : chunks.subList(1, chunks.size())), Set.of());
    }

    /** Oldest first. */
    List<String> ids() {
        List<String> ids = new ArrayList<>();
        full.forEach(ids::addAll);
        ids.addAll(young);
        return ids;
    }
}
