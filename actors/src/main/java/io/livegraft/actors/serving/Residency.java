package io.livegraft.actors.serving;

import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Where adapters are: in the store, on disk, in host memory, on the device. Reading them is somebody else's, off the device's thread and
 * the replica's; whoever asks for one that is not on the device waits for it, and nobody else does.
 */
final class Residency<W> {
    /** Brings an adapter that is wanted; ends with {@link #loaded} or {@link #remove}, later. */
    interface Loader {
        /**
         * It is {@code kept} in host memory; else it is to be read from disk or store.
         *
         * @return where it is
         */
        AdapterTier load(AdapterSlots.Key key, Optional<LoraAdapter> kept);
    }

    private final AdapterSlots<StagedAdapter, W> slots;
    private final HostCache host;
    private final Loader loader;
    private final ToIntFunction<AdapterSlots.Key> rank;
    private final ActorRef<DeviceScheduler.Command> device;
    private final ActorRef<DeviceScheduler.StageReply> replyTo;
    private final Metrics metrics;
    /** Of adapters that are not staged yet: their values, once they are read, and since when they are wanted. */
    private final Map<AdapterSlots.Key, LoraAdapter> coming = new HashMap<>();

    private final Map<AdapterSlots.Key, Long> sinceNanos = new HashMap<>();

    /** @param rank how much an adapter is wanted */
    Residency(
            ServingSettings settings,
            Loader loader,
            ToIntFunction<AdapterSlots.Key> rank,
            ActorRef<DeviceScheduler.Command> device,
            ActorRef<DeviceScheduler.StageReply> replyTo,
            Metrics metrics) {
        this.slots = new AdapterSlots<>(settings.stagedAdapters(), settings.stagedBytes(), rank);
        this.host = new HostCache(settings.hostBytes());
        this.loader = loader;
        this.rank = rank;
        this.device = device;
        this.replyTo = replyTo;
        this.metrics = metrics;
    }

    /** The slot of an adapter; one that was not there begins to come. */
    AdapterSlots.Slot<StagedAdapter, W> slot(AdapterSlots.Key key) {
        return slots.find(key).orElseGet(() -> {
            AdapterSlots.Slot<StagedAdapter, W> slot = slots.add(key);
            sinceNanos.put(key, System.nanoTime());
            metrics.adapterWanted(loader.load(key, host.get(key)));
            return slot;
        });
    }

    /** It was read; where it can never fit, why. */
    Optional<LivegraftException> loaded(AdapterSlots.Key key, LoraAdapter adapter) {
        host.put(key, adapter);
        return slots.find(key).flatMap(slot -> offer(slot, adapter));
    }

    private Optional<LivegraftException> offer(AdapterSlots.Slot<StagedAdapter, W> slot, LoraAdapter adapter) {
        long bytes = StagedAdapter.mostBytes(adapter);
        if (!slots.loaded(slot, bytes)) {
            return Optional.of(new LivegraftException(
                    ErrorCode.OVERLOADED,
                    "adapter %s takes %d bytes, more than livegraft.serving.staged-bytes"
                            .formatted(slot.key().label(), bytes)));
        }
        coming.put(slot.key(), adapter);
        move();
        return Optional.empty();
    }

    /** It is on the device, and in use until {@link #unuse}: it does not go before those who waited for it went on. */
    void staged(AdapterSlots.Key key, StagedAdapter adapter) {
        AdapterSlots.Slot<StagedAdapter, W> slot = slots.find(key).orElseThrow();
        slots.staged(slot, adapter);
        slots.use(slot);
        Optional.ofNullable(sinceNanos.remove(key))
                .ifPresent(since -> metrics.adapterLoaded((System.nanoTime() - since) / 1e9));
    }

    /** It can't come. */
    Optional<AdapterSlots.Slot<StagedAdapter, W>> remove(AdapterSlots.Key key) {
        coming.remove(key);
        sinceNanos.remove(key);
        Optional<AdapterSlots.Slot<StagedAdapter, W>> slot = slots.find(key);
        slot.ifPresent(slots::remove);
        move();
        return slot;
    }

    boolean removeWaiting(Predicate<W> fits) {
        return slots.removeWaiting(fits);
    }

    void use(AdapterSlots.Slot<StagedAdapter, W> slot) {
        slots.use(slot);
    }

    void unuse(AdapterSlots.Key key) {
        slots.unuse(key);
        move();
    }

    /** Whoever waited for it waits for it to come again. */
    private void takeDown(AdapterSlots.Slot<StagedAdapter, W> slot) {
        slot.staged().ifPresent(adapter -> device.tell(new DeviceScheduler.Release(adapter)));
        if (!slot.waiting().isEmpty()) {
            slot(slot.key()).waiting().addAll(slot.waiting());
        }
    }

    /** Takes down what has to go and brings up what fits now. */
    void move() {
        AdapterSlots.Move<StagedAdapter, W> move = slots.move();
        move.down().forEach(this::takeDown);
        for (AdapterSlots.Key key : move.up()) {
            Optional.ofNullable(coming.remove(key))
                    .ifPresent(adapter -> device.tell(new DeviceScheduler.Stage(key.label(), adapter, replyTo)));
        }
        metrics.resident(
                AdapterTier.DEVICE,
                slots.all().filter(slot -> slot.staged().isPresent()).count(),
                slots.bytes());
        metrics.resident(AdapterTier.HOST, host.size(), host.bytes());
        metrics.draining(slots.all()
                .filter(slot -> slot.used() && rank.applyAsInt(slot.key()) < Swaps.SERVES)
                .count());
    }
}
