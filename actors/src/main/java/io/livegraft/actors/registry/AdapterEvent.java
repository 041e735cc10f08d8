package io.livegraft.actors.registry;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;

/** One accepted decision about a tenant's adapter; what is persisted, and the only thing that changes an image. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = AdapterEvent.Registered.class, name = "registered"),
    @JsonSubTypes.Type(value = AdapterEvent.Published.class, name = "published"),
    @JsonSubTypes.Type(value = AdapterEvent.OfferRefused.class, name = "offer-refused"),
    @JsonSubTypes.Type(value = AdapterEvent.RolledBack.class, name = "rolled-back"),
    @JsonSubTypes.Type(value = AdapterEvent.Promoted.class, name = "promoted"),
    @JsonSubTypes.Type(value = AdapterEvent.HoldPlaced.class, name = "hold-placed"),
    @JsonSubTypes.Type(value = AdapterEvent.HoldLifted.class, name = "hold-lifted")
})
public sealed interface AdapterEvent extends RegistryStored {
    Instant at();

    /** The tenant has its first valid feedback. */
    record Registered(Instant at) implements AdapterEvent {}

    /**
     * A version was accepted.
     *
     * @param held it became the candidate instead of serving
     */
    record Published(Instant at, AdapterVersion version, boolean held) implements AdapterEvent {}

    /** The gate refused a version; the line of offers goes on from it nevertheless. */
    record OfferRefused(Instant at, String digest, String parentDigest, String reason) implements AdapterEvent {}

    /** {@code to} serves and publishing is held. */
    record RolledBack(Instant at, int to, String principal, String reason) implements AdapterEvent {}

    record Promoted(Instant at, int to, String principal, String reason) implements AdapterEvent {}

    record HoldPlaced(Instant at, String principal, String reason) implements AdapterEvent {}

    record HoldLifted(Instant at, String principal, String reason) implements AdapterEvent {}
}
