package io.livegraft.actors.registry;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** One accepted decision about a tenant's adapter; what is persisted, and the only thing that changes an image. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = AdapterEvent.Registered.class, name = "registered"),
    @JsonSubTypes.Type(value = AdapterEvent.Published.class, name = "published"),
    @JsonSubTypes.Type(value = AdapterEvent.OfferRefused.class, name = "offer-refused"),
    @JsonSubTypes.Type(value = AdapterEvent.RolledBack.class, name = "rolled-back"),
    @JsonSubTypes.Type(value = AdapterEvent.Promoted.class, name = "promoted"),
    @JsonSubTypes.Type(value = AdapterEvent.HoldPlaced.class, name = "hold-placed"),
    @JsonSubTypes.Type(value = AdapterEvent.HoldLifted.class, name = "hold-lifted"),
    @JsonSubTypes.Type(value = AdapterEvent.LineBegun.class, name = "line-begun")
})
public sealed interface AdapterEvent {
    Instant at();

    /** An operator's decision. */
    sealed interface Change extends AdapterEvent {
        String principal();

        String reason();

        Optional<IdempotencyKey> key();
    }

    /** The tenant has valid feedback, and its partition was given to whoever has this epoch. */
    record Registered(Instant at, long epoch) implements AdapterEvent {}

    /**
     * A version was accepted.
     *
     * @param held it became the candidate instead of serving
     */
    record Published(Instant at, AdapterVersion version, boolean held) implements AdapterEvent {}

    /** The gate refused a version; the line of offers goes on from it nevertheless. */
    record OfferRefused(Instant at, String digest, String parentDigest, String configDigest, long epoch, String reason)
            implements AdapterEvent {}

    /** {@code to} serves and publishing is held. */
    record RolledBack(Instant at, int to, String principal, String reason, Optional<IdempotencyKey> key)
            implements Change {}

    record Promoted(Instant at, int to, String principal, String reason, Optional<IdempotencyKey> key)
            implements Change {}

    record HoldPlaced(Instant at, String principal, String reason, Optional<IdempotencyKey> key) implements Change {}

    record HoldLifted(Instant at, String principal, String reason, Optional<IdempotencyKey> key) implements Change {}

    /**
     * A control entry of the log made training begin a new line: earlier offers are over.
     *
     * @param action of that entry: reset or forget
     * @param offset of that entry
     * @param dropped numbers of the versions that are gone, because they hold what was forgotten
     */
    record LineBegun(Instant at, String action, long offset, List<Integer> dropped, String principal, String reason)
            implements AdapterEvent {}
}
