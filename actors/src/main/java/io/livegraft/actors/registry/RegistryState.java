package io.livegraft.actors.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An image and the line of offers behind it.
 *
 * @param registered whether the tenant is known
 * @param epoch highest one that registered the tenant or offered a version
 * @param configDigest of the offer decided last; empty before the first
 * @param decided digests of offers already decided, oldest first, bounded; the last one is what the next offer must have grown
 *     from, whether it was published, held or refused: what serves is no part of the line
 * @param remembered latest changes that had an idempotency key, oldest first, bounded
 * @param numbers highest version number ever given
 * @param lineOffset of the control entry that began the line of offers; 0 for the first line
 */
record RegistryState(
        boolean registered,
        long epoch,
        String configDigest,
        AdapterImage image,
        List<String> decided,
        List<RememberedChange> remembered,
        int numbers,
        long lineOffset)
        implements RegistryStored {
    static final int DECIDED_BOUND = 1024;

    RegistryState {
        decided = List.copyOf(decided);
        remembered = List.copyOf(remembered);
    }

    static RegistryState empty(String tenant) {
        return new RegistryState(false, 0, "", AdapterImage.empty(tenant), List.of(), List.of(), 0, 0);
    }

    RegistryState apply(AdapterEvent event, RegistrySettings bounds) {
        AdapterImage next = image.apply(event, bounds);
        return switch (event) {
            case AdapterEvent.Published published -> {
                AdapterVersion version = published.version();
                Lineage lineage = version.lineage();
                yield decided(next, version.digest(), lineage.epoch(), lineage.configDigest(), version.number());
            }
            case AdapterEvent.OfferRefused refused ->
                decided(next, refused.digest(), refused.epoch(), refused.configDigest(), numbers);
            case AdapterEvent.LineBegun line ->
                new RegistryState(true, epoch, configDigest, next, List.of(), remembered, numbers, line.offset());
            case AdapterEvent.Registered registration ->
                new RegistryState(
                        true, registration.epoch(), configDigest, next, decided, remembered, numbers, lineOffset);
            case AdapterEvent.Change change ->
                new RegistryState(
                        registered,
                        epoch,
                        configDigest,
                        next,
                        decided,
                        rememberedWith(change, next, bounds),
                        numbers,
                        lineOffset);
        };
    }

    /** What the next offer must name as its parent; empty accepts any: the line begins with that offer. */
    String head() {
        return decided.isEmpty() ? "" : decided.getLast();
    }

    Optional<RememberedChange> remembered(String key) {
        return remembered.stream()
                .filter(change -> change.key().key().equals(key))
                .findFirst();
    }

    private RegistryState decided(
            AdapterImage next, String digest, long offerEpoch, String offerConfigDigest, int highestNumber) {
        return new RegistryState(
                true,
                Math.max(epoch, offerEpoch),
                offerConfigDigest,
                next,
                latest(decided, digest, DECIDED_BOUND),
                remembered,
                highestNumber,
                lineOffset);
    }

    private List<RememberedChange> rememberedWith(
            AdapterEvent.Change change, AdapterImage next, RegistrySettings bounds) {
        return change.key()
                .map(key -> latest(remembered, RememberedChange.of(key, next), bounds.idempotencyKeys()))
                .orElse(remembered);
    }

    private static <T> List<T> latest(List<T> list, T element, int bound) {
        List<T> grown = new ArrayList<>(list);
        grown.add(element);
        return grown.subList(Math.max(0, grown.size() - bound), grown.size());
    }
}
