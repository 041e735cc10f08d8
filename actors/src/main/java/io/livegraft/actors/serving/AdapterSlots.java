package io.livegraft.actors.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * The adapters on the device or on their way to it, by tenant and digest. What is on the device never takes more than its bytes,
 * those of versions that only end their answers among them: one that does not fit waits until unused ones have made room, the
 * least wanted first. Beyond the number of adapters unused ones go too. One that answers a request stays until its last token.
 * Where all are in use the one that was there longest takes no more requests until it has been away, so nobody waits forever.
 *
 * @param <A> an adapter on the device
 * @param <W> what waits for one
 */
final class AdapterSlots<A, W> {
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
    static final class Slot<A, W> {
        private final Key key;
        private final ArrayDeque<W> waiting = new ArrayDeque<>();
        private Optional<A> staged = Optional.empty();
        private boolean onDevice;
        private long bytes;
        private int uses;
        private long lastUse;
        private long stagedAt;
        private boolean leaving;

        private Slot(Key key) {
            this.key = key;
        }

        Key key() {
            return key;
        }

        Optional<A> staged() {
            return staged;
        }

        /** Whether it takes requests at once; nobody passes those who waited for it. */
        boolean open() {
            return staged.isPresent() && !leaving && waiting.isEmpty();
        }

        boolean used() {
            return uses > 0;
        }

        ArrayDeque<W> waiting() {
            return waiting;
        }
    }

    /** Nothing of this rank goes. */
    static final int PINNED = 3;

    private final int bound;
    private final long mostBytes;
    private final ToIntFunction<Key> rank;
    private final Map<Key, Slot<A, W>> slots = new HashMap<>();
    /** In host memory, waiting for room on the device. */
    private final ArrayDeque<Slot<A, W>> loaded = new ArrayDeque<>();

    private long bytes;
    private long clock;

    /** @param rank the lower, the sooner it goes; the least recently used among equals */
    AdapterSlots(int bound, long mostBytes, ToIntFunction<Key> rank) {
        this.bound = bound;
        this.mostBytes = mostBytes;
        this.rank = rank;
    }

    Optional<Slot<A, W>> find(Key key) {
        return Optional.ofNullable(slots.get(key));
    }

    Stream<Slot<A, W>> all() {
        return slots.values().stream();
    }

    /** On the device, or on the way from the host to it. */
    long bytes() {
        return bytes;
    }

    Slot<A, W> add(Key key) {
        Slot<A, W> slot = new Slot<>(key);
        slot.lastUse = ++clock;
        slots.put(key, slot);
        return slot;
    }

    void remove(Slot<A, W> slot) {
        slots.remove(slot.key);
        loaded.remove(slot);
        if (slot.onDevice) {
            slot.onDevice = false;
            bytes -= slot.bytes;
        }
    }

    /** It is in host memory; false where it can never fit. */
    boolean loaded(Slot<A, W> slot, long size) {
        slot.bytes = size;
        loaded.add(slot);
        if (size > mostBytes) {
            remove(slot);
            return false;
        }
        return true;
    }

    void staged(Slot<A, W> slot, A adapter) {
        slot.staged = Optional.of(adapter);
        slot.stagedAt = ++clock;
    }

    void use(Slot<A, W> slot) {
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

    /** What is to be taken down, then what is to be brought up, in the order in which it was loaded. */
    record Move<A, W>(List<Slot<A, W>> down, List<Key> up) {}

    Move<A, W> move() {
        List<Slot<A, W>> down = new ArrayList<>(closedAndUnused());
        down.forEach(this::remove);
        List<Key> up = new ArrayList<>();
        Optional<Slot<A, W>> next = Optional.ofNullable(loaded.peek());
        while (next.isPresent() && makeRoom(next.get().bytes, down)) {
            Slot<A, W> slot = loaded.remove();
            slot.onDevice = true;
            bytes += slot.bytes;
            up.add(slot.key);
            next = Optional.ofNullable(loaded.peek());
        }
        while (slots.size() > bound && evict(down)) {
            // the least wanted go
        }
        next.ifPresent(this::closeForRoom);
        return new Move<>(down, up);
    }

    /** They go even if there is room by now: whoever waits for them waits for them to come again. */
    private List<Slot<A, W>> closedAndUnused() {
        return all().filter(slot -> slot.leaving && slot.uses == 0).toList();
    }

    /** So many of those that were there longest that it fits once they are gone. */
    private void closeForRoom(Slot<A, W> wanted) {
        long room = mostBytes - bytes;
        List<Slot<A, W>> oldest = all().filter(slot -> slot.staged.isPresent())
                .filter(slot -> rank.applyAsInt(slot.key) < PINNED)
                .sorted(Comparator.comparing((Slot<A, W> slot) -> !slot.leaving)
                        .thenComparingLong(slot -> slot.stagedAt))
                .toList();
        for (Slot<A, W> slot : oldest) {
            if (room >= wanted.bytes) {
                return;
            }
            slot.leaving = true;
            room += slot.bytes;
        }
    }

    private boolean makeRoom(long size, List<Slot<A, W>> down) {
        boolean fits = bytes + size <= mostBytes;
        while (!fits && evict(down)) {
            fits = bytes + size <= mostBytes;
        }
        return fits;
    }

    private boolean evict(List<Slot<A, W>> down) {
        Optional<Slot<A, W>> victim = all().filter(slot -> slot.uses == 0 && slot.staged.isPresent())
                .filter(slot -> rank.applyAsInt(slot.key) < PINNED)
                .min(Comparator.comparingInt((Slot<A, W> slot) -> rank.applyAsInt(slot.key))
                        .thenComparingLong(slot -> slot.lastUse));
        victim.ifPresent(this::remove);
        victim.ifPresent(down::add);
        return victim.isPresent();
    }
}
