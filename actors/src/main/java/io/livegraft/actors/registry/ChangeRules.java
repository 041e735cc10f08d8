package io.livegraft.actors.registry;

import java.time.Instant;
import java.util.Optional;

/** Which changes of operators are accepted for one tenant, and what they become. */
record ChangeRules(String tenant, RegistrySettings settings) {

    /** A change whose key was seen is answered as it was then and not done again. */
    RegistryDecision decide(RegistryState state, AdapterRegistry.Change change, Instant now) {
        if (!state.registered()) {
            return AdapterRegistry.unknown(tenant);
        }
        return change.action()
                .key()
                .flatMap(key -> state.remembered(key.key()).map(before -> again(state, before, key)))
                .orElseGet(() -> first(state, change, now));
    }

    private RegistryDecision again(RegistryState state, RememberedChange before, IdempotencyKey key) {
        return before.key().equals(key)
                ? new RegistryDecision.Answer(new AdapterRegistry.Repeated(before.image(state.image())))
                : RegistryDecision.refuse(
                        RefusalReason.KEY_REUSED,
                        "idempotency key '%s' was used for another change of %s, expected the same request again or a new key"
                                .formatted(key.key(), tenant));
    }

    private RegistryDecision first(RegistryState state, AdapterRegistry.Change change, Instant now) {
        AdapterImage image = state.image();
        AdapterRegistry.Action action = change.action();
        Optional<RegistryDecision> obstacle = expectation(image, action).or(() -> target(image, change));
        return obstacle.orElseGet(() -> {
            AdapterEvent event = event(image, change, now);
            return action.dryRun()
                    ? new RegistryDecision.Answer(new AdapterRegistry.Done(image.apply(event, settings)))
                    : RegistryDecision.accept(event);
        });
    }

    private Optional<RegistryDecision> expectation(AdapterImage image, AdapterRegistry.Action action) {
        if (action.expectedServing().isEmpty() || action.expectedServing().getAsInt() == image.serving()) {
            return Optional.empty();
        }
        return Optional.of(RegistryDecision.refuse(
                RefusalReason.SERVING_DIFFERS,
                "version %d of %s was expected to serve, but version %d does"
                        .formatted(action.expectedServing().getAsInt(), tenant, image.serving())));
    }

    private Optional<RegistryDecision> target(AdapterImage image, AdapterRegistry.Change change) {
        return switch (change) {
            case AdapterRegistry.Rollback rollback -> target(image, rollback.target(image));
            case AdapterRegistry.Promote promote -> target(image, promote.to());
            case AdapterRegistry.Hold hold -> Optional.empty();
            case AdapterRegistry.Resume resume -> Optional.empty();
        };
    }

    private Optional<RegistryDecision> target(AdapterImage image, int to) {
        if (to == image.serving()) {
            return Optional.of(RegistryDecision.refuse(
                    RefusalReason.SERVES_ALREADY, "version %d of %s serves already".formatted(to, tenant)));
        }
        if (to != 0 && image.version(to).isEmpty()) {
            return Optional.of(RegistryDecision.refuse(
                    RefusalReason.VERSION_UNKNOWN,
                    "%s has no version %d; retained are 0 (the base) and %s"
                            .formatted(
                                    tenant,
                                    to,
                                    image.versions().stream()
                                            .map(AdapterVersion::number)
                                            .toList())));
        }
        return Optional.empty();
    }

    private static AdapterEvent event(AdapterImage image, AdapterRegistry.Change change, Instant now) {
        AdapterRegistry.Action by = change.action();
        return switch (change) {
            case AdapterRegistry.Rollback rollback -> {
                int to = rollback.target(image);
                yield new AdapterEvent.RolledBack(now, to, by.principal(), by.reason(), by.key());
            }
            case AdapterRegistry.Promote promote ->
                new AdapterEvent.Promoted(now, promote.to(), by.principal(), by.reason(), by.key());
            case AdapterRegistry.Hold hold -> new AdapterEvent.HoldPlaced(now, by.principal(), by.reason(), by.key());
            case AdapterRegistry.Resume resume ->
                new AdapterEvent.HoldLifted(now, by.principal(), by.reason(), by.key());
        };
    }
}
