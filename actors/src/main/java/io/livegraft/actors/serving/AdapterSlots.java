package io.livegraft.actors.serving;

import io.livegraft.gpu.engine.StagedAdapter;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The adapters on the device or on their way to it, by tenant and digest. Bounded: beyond the bound the least wanted unused one goes;
 * one that answers a request stays until its last token.
 */
final class AdapterSlots<W> {
    /** Which adapter: tenants never share one, not even where the bits are the same. */
    record Key(String tenant, String digest) {
        /** What the device is told, and tells again. */
        String label() {
            return tenant + "/" + digest;
        }

        static Key of(String label) {
            int slash = label.indexOf('/');
            return new Key(label.substring(0, slash), label.substring(slash + 1));
        }
    }

    /** One adapter; {@code waiting} holds what is to be done once it is staged. */
    static final class Slot<W> {
        private final Key key;
        private final ArrayDeque<W> waiting = new ArrayDeque<>();
        private Optional<StagedAdapter> staged = Optional.empty();
        private int uses;
        private long lastUse;

        private Slot(Key key) {
            this.key = key;
        }

        Key key() {
            return key;
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
    private final Map<Key, Slot<W>> slots = new HashMap<>();
    private long clock;

    AdapterSlots(int bound) {
        this.bound = bound;
    }

    Optional<Slot<W>> find(Key key) {
        return Optional.ofNullable(slots.get(key));
    }

    Slot<W> add(Key key) {
        Slot<W> slot = new Slot<>(key);
        slots.put(key, slot);
        return slot;
    }

    void remove(Slot<W> slot) {
        slots.remove(slot.key);
    }

    void use(Slot<W> slot) {
        slot.uses++;
        slot.lastUse = ++clock;
    }

    void unuse(Key key) {
        find(key).ifPresent(slot -> slot.uses--);
    }

    /** Whether one that fits was waiting for an adapter; it waits no more. */
    boolean removeWaiting(Predicate<W> fits) {
        return slots.values().stream().anyMatch(slot -> slot.waiting.removeIf(fits));
    }

    /**
     * Takes out one staged, unused adapter if there are too many.
     *
     * @param rank the lower, the sooner it goes; the least recently used among equals
     */
    Optional<StagedAdapter> evict(ToIntFunction<Key> rank) {
        if (slots.size() <= bound) {
            return Optional.empty();
        }
        Optional<Slot<W>> victim = slots.values().stream()
                .filter(slot -> slot.uses == 0 && slot.staged.isPresent())
                .min(Comparator.<Slot<W>>comparingInt(slot -> rank.applyAsInt(slot.key))
                        .thenComparingLong(slot -> slot.lastUse));
        victim.ifPresent(this::remove);
        return victim.flatMap(Slot::staged);
    }
}
