package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.signing.Envelope;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Instant;
import java.util.Optional;

/**
 * One immutable adapter of a tenant.
 *
 * @param number from 1, never reused
 * @param digest SHA-256 of adapter_model.safetensors
 * @param parentDigest adapter this one grew from; empty for the first
 * @param step optimizer steps in it
 * @param partition of the feedback topic
 * @param offset last log offset in it
 * @param previousEnvelope digest of the envelope of the version before; empty for the first
 * @param envelope signs all the above for the tenant; empty only while it is made
 */
public record AdapterVersion(
        int number,
        String digest,
        String parentDigest,
        long step,
        int partition,
        long offset,
        EvaluationReport evaluation,
        Instant publishedAt,
        Lineage lineage,
        String previousEnvelope,
        Optional<Envelope> envelope) {

    /** The next version of an image, not signed yet. */
    static AdapterVersion next(
            AdapterImage image, int number, PublishManifest manifest, EvaluationReport evaluation, Instant now) {
        return new AdapterVersion(
                number,
                manifest.getAdapterDigest(),
                manifest.getParentDigest(),
                manifest.getStep(),
                manifest.getPartition(),
                manifest.getOffset(),
                evaluation,
                now,
                Lineage.of(manifest),
                image.newest()
                        .flatMap(AdapterVersion::envelope)
                        .map(Envelope::digest)
                        .orElse(""),
                Optional.empty());
    }

    AdapterVersion with(Optional<Envelope> signed) {
        return new AdapterVersion(
                number,
                digest,
                parentDigest,
                step,
                partition,
                offset,
                evaluation,
                publishedAt,
                lineage,
                previousEnvelope,
                signed);
    }
}
