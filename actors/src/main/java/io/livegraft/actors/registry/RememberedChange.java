package io.livegraft.actors.registry;

import java.util.OptionalInt;

/**
 * What came of a change that had an idempotency key: enough to answer it again as it was answered.
 *
 * @param newest highest version number at that time
 * @param historyThrough number of the change's own history entry
 */
record RememberedChange(
        IdempotencyKey key,
        long revision,
        int serving,
        OptionalInt previous,
        OptionalInt candidate,
        boolean held,
        int newest,
        long historyThrough) {

    static RememberedChange of(IdempotencyKey key, AdapterImage after) {
        return new RememberedChange(
                key,
                after.revision(),
                after.serving(),
                after.previous(),
                after.candidate(),
                after.held(),
                after.newestNumber(),
                after.history().getLast().number());
    }

    /** The image as it was, less what is no longer retained. */
    AdapterImage image(AdapterImage now) {
        return new AdapterImage(
                now.tenant(),
                revision,
                now.versions().stream()
                        .filter(version -> version.number() <= newest)
                        .toList(),
                serving,
                previous,
                candidate,
                held,
                now.history().stream()
                        .filter(entry -> entry.number() <= historyThrough)
                        .toList());
    }
}
