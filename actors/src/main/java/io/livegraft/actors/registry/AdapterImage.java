package io.livegraft.actors.registry;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything that is decided about one tenant's adapter, immutable.
 *
 * <p>Invariants: {@code serving} is 0 (the base alone) or the number of a retained version; so are {@code previous} and
 * {@code candidate} where present; version numbers grow.
 *
 * @param versions retained ones, oldest first
 * @param candidate latest version that a hold kept from serving
 * @param held whether publishing is held
 * @param history latest decisions, oldest first, bounded
 */
public record AdapterImage(
        String tenant,
        List<AdapterVersion> versions,
        int serving,
        OptionalInt previous,
        OptionalInt candidate,
        boolean held,
        List<HistoryEntry> history) {
    public AdapterImage {
        versions = List.copyOf(versions);
        history = List.copyOf(history);
    }

    /** A tenant that is known but has no version: the base serves as version 0. */
    public static AdapterImage empty(String tenant) {
        return new AdapterImage(tenant, List.of(), 0, OptionalInt.empty(), OptionalInt.empty(), false, List.of());
    }

    public Optional<AdapterVersion> version(int number) {
        return versions.stream().filter(version -> version.number() == number).findFirst();
    }

    public Optional<AdapterVersion> servingVersion() {
        return version(serving);
    }
}
