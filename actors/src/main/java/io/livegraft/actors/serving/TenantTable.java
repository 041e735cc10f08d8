package io.livegraft.actors.serving;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.ManifestRefusal;
import io.livegraft.actors.registry.Manifests;
import io.livegraft.actors.signing.TrustedKeys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** One tenant as this replica sees it: what the registry decided and what serves already. */
final class TenantTable {
    private final int mostEventTimes;
    private final NavigableMap<Integer, List<Long>> unserved = new TreeMap<>();
    /** What was verified, as it was then; of versions that are retained. */
    private final Map<Integer, AdapterVersion> verified = new HashMap<>();

    private AdapterImage image;
    /** What requests without a version get; lags behind the image while a version is staged. */
    private OptionalInt serving = OptionalInt.empty();
    /** What the image wants to serve, once it is verified and on the device, until it serves. */
    private OptionalInt ready = OptionalInt.empty();

    private long decidedNanos;

    TenantTable(AdapterImage image, int mostEventTimes) {
        this.image = image;
        this.mostEventTimes = mostEventTimes;
    }

    AdapterImage image() {
        return image;
    }

    OptionalInt serving() {
        return serving;
    }

    /** What was ready for a swap by an earlier decision is so no more. */
    void decided(AdapterImage next) {
        image = next;
        ready = OptionalInt.empty();
        decidedNanos = System.nanoTime();
    }

    /** Why a version must not be served; a version that was verified is so until a bit of it changes. */
    Optional<ManifestRefusal> refusal(int number, TrustedKeys keys) {
        return image.version(number).filter(version -> !verified(version)).flatMap(version -> {
            Optional<ManifestRefusal> refusal = Manifests.refusal(image, version, keys);
            if (refusal.isEmpty()) {
                verify(version);
            }
            return refusal;
        });
    }

    /** Whether this very version was verified. */
    boolean verified(AdapterVersion version) {
        return version.equals(verified.get(version.number()));
    }

    /** From now on it is. */
    void verify(AdapterVersion version) {
        verified.keySet().removeIf(number -> image.version(number).isEmpty());
        verified.put(version.number(), version);
    }

    /** Whether what the registry wants to serve does. */
    boolean settled() {
        return serving.isPresent() && serving.getAsInt() == image.serving();
    }

    /** Nothing of what was decided is left to be done but {@link #flip}. */
    void ready() {
        ready = OptionalInt.of(image.serving());
    }

    boolean isReady() {
        return ready.isPresent();
    }

    /** The swap of what is ready: one store; what runs keeps its version. */
    void flip() {
        serving = ready;
        ready = OptionalInt.empty();
    }

    /** When the image was decided, of {@link System#nanoTime}. */
    long decidedNanos() {
        return decidedNanos;
    }

    void learned(int version, List<Long> eventTimes) {
        int kept = unserved.values().stream().mapToInt(List::size).sum();
        int room = Math.max(0, mostEventTimes - kept);
        unserved.put(version, eventTimes.subList(0, Math.min(room, eventTimes.size())));
    }

    /** The event times that a version's first token serves for the first time. */
    List<Long> firstServed(int version) {
        NavigableMap<Integer, List<Long>> served = unserved.headMap(version, true);
        List<Long> eventTimes = new ArrayList<>();
        served.values().forEach(eventTimes::addAll);
        served.clear();
        return eventTimes;
    }
}
