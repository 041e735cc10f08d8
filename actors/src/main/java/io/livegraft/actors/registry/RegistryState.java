package io.livegraft.actors.registry;

import java.util.ArrayList;
import java.util.List;

/**
 * An image and the line of offers behind it.
 *
 * @param registered whether the tenant is known
 * @param decided digests of offers already decided, oldest first, bounded; the last one is what the next offer must have grown
 *     from, whether it was published, held or refused: what serves is no part of the line
 */
record RegistryState(boolean registered, AdapterImage image, List<String> decided) implements RegistryStored {
    static final int DECIDED_BOUND = 1024;

    RegistryState {
        decided = List.copyOf(decided);
    }

    static RegistryState empty(String tenant) {
        return new RegistryState(false, AdapterImage.empty(tenant), List.of());
    }

    RegistryState apply(AdapterEvent event, RegistrySettings bounds) {
        AdapterImage next = image.apply(event, bounds);
        return switch (event) {
            case AdapterEvent.Published published ->
                new RegistryState(true, next, decidedWith(published.version().digest()));
            case AdapterEvent.OfferRefused refused -> new RegistryState(true, next, decidedWith(refused.digest()));
            case AdapterEvent.Registered registered -> new RegistryState(true, next, decided);
            case AdapterEvent.RolledBack rolledBack -> new RegistryState(true, next, decided);
            case AdapterEvent.Promoted promoted -> new RegistryState(true, next, decided);
            case AdapterEvent.HoldPlaced hold -> new RegistryState(true, next, decided);
            case AdapterEvent.HoldLifted lifted -> new RegistryState(true, next, decided);
        };
    }

    /** What the next offer must name as its parent; empty accepts any: the line begins with that offer. */
    String head() {
        return decided.isEmpty() ? "" : decided.getLast();
    }

    private List<String> decidedWith(String digest) {
        List<String> grown = new ArrayList<>(decided);
        grown.add(digest);
        return grown.subList(Math.max(0, grown.size() - DECIDED_BOUND), grown.size());
    }
}
