package io.livegraft.actors.registry;

import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.Optional;

/** What a command leads to. */
sealed interface RegistryDecision {
    /** Nothing changes. */
    record Answer(AdapterRegistry.Reply reply) implements RegistryDecision {}

    /**
     * The event is made durable; the state after it is the answer.
     *
     * @param manifest of the version that serves from now on, if that is the event
     */
    record Accept(AdapterEvent event, Optional<PublishManifest> manifest) implements RegistryDecision {}

    static RegistryDecision refuse(RefusalReason reason, String message) {
        return new Answer(new AdapterRegistry.Refused(reason, message));
    }

    static RegistryDecision accept(AdapterEvent event) {
        return new Accept(event, Optional.empty());
    }
}
