package io.livegraft.actors.serving;

import io.livegraft.gpu.engine.StagedAdapter;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * The adapters on the device or on their way to it, by digest. Bounded: beyond the bound the least wanted unused one goes;
 * one that answers a request stays until its last token.
 */
final class AdapterSlots<W> {
    /** One adapter; {@code waiting} holds what is to be done once it is staged. */
    static final class Slot<W> {
        private final String digest;
        private final ArrayDeque<W> waiting = new ArrayDeque<>();
        private Optional<StagedAdapter> staged = Optional.empty();
        private int uses;
        private long lastUse;

        private Slot(String digest) {
            this.digest = digest;
        }

        String digest() {
            return digest;
        }

        Optional<StagedAdapter> staged() {
            return staged;
        }

        ArrayDeque<W> waiting() {
            return waiting;
        }

        void staged(StagedAdapter adapter) {
            staged = Optional.of(adapter);
        }
    }

    private final int bound;
    private final Map<String, Slot<W>> slots = new HashMap<>();
    private long clock;

    AdapterSlots(int bound) {
        this.bound = bound;
    }

    Optional<Slot<W>> find(String digest) {
        return Optional.ofNullable(slots.get(digest));
    }

    Slot<W> add(String digest) {
        Slot<W> slot = new Slot<>(digest);
        slots.put(digest, slot);
        return slot;
    }

    void remove(Slot<W> slot) {
        slots.remove(slot.digest);
    }

    void use(Slot<W> slot) {
        slot.uses++;
        slot.lastUse = ++clock;
    }

    void unuse(String digest) {
        find(digest).ifPresent(slot -> slot.uses--);
    }

    /**
     * Takes out one staged, unused adapter if there are too many.
     *
     * @param rank the lower, the sooner it goes; the least recently used among equals
     */
    Optional<StagedAdapter> evict(ToIntFunction<String> rank) {
        if (slots.size() <= bound) {
            return Optional.empty();
        }
        Optional<Slot<W>> victim = slots.values().stream()
                .filter(slot -> slot.uses == 0 && slot.staged.isPresent())
                .min(Comparator.<Slot<W>>comparingInt(slot -> rank.applyAsInt(slot.digest))
                        .thenComparingLong(slot -> slot.lastUse));
        victim.ifPresent(this::remove);
        return victim.flatMap(Slot::staged);
    }
}
