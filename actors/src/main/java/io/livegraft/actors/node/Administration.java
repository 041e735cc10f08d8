package io.livegraft.actors.node;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.TenantPage;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.actors.signing.VerifyingKey;
import io.livegraft.gpu.error.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;

/** What operators do with adapter versions; a refusal is a value, never a failed stage. */
public interface Administration {
    /** Some of the known tenants, by name; a moment behind the latest decisions. */
    CompletionStage<TenantPage> adapters(TenantQuery query);

    CompletionStage<Optional<AdapterImage>> adapter(String tenant);

    /**
     * Re-points serving to a retained version and holds publishing until {@link #resume}.
     *
     * @param toVersion empty takes the previous one; 0 is the base
     */
    CompletionStage<AdminReply> rollback(String tenant, OptionalInt toVersion, AdminAction action);

    CompletionStage<AdminReply> hold(String tenant, AdminAction action);

    CompletionStage<AdminReply> resume(String tenant, AdminAction action);

    /** Makes a retained version serve; leaves the hold as it is. */
    CompletionStage<AdminReply> promote(String tenant, int version, AdminAction action);

    CompletionStage<List<TrainerStatus>> trainers();

    /** The keys whose signatures count here; the one that signs here is among them. */
    List<VerifyingKey> signingKeys();

    /** The image after the change (or after the change that a dry run would have made), or why not. */
    sealed interface AdminReply {
        /**
         * The change was made, now or before.
         *
         * @param repeated whether it was done before under the same idempotency key; the image is of that time then
         */
        record Done(AdapterImage image, boolean repeated) implements AdminReply {}

        record Refused(ErrorCode code, String message) implements AdminReply {}
    }
}
