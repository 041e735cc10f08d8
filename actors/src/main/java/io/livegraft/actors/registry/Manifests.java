package io.livegraft.actors.registry;

import io.livegraft.actors.signing.Envelope;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.TrustedKeys;
import java.util.Optional;

/** Signs what the registry says about a version, and tells whether such a word can be believed. */
public final class Manifests {
    private Manifests() {}

    /** The same version, signed for a tenant. */
    static AdapterVersion signed(String tenant, AdapterVersion version, SigningKey key) {
        byte[] statement = ManifestStatement.of(tenant, version).json();
        return version.with(Optional.of(key.sign(ManifestStatement.PAYLOAD_TYPE, statement)));
    }

    /** Why a version of an image must not be served; empty where every bit of it was signed by a trusted key. */
    public static Optional<ManifestRefusal> refusal(AdapterImage image, AdapterVersion version, TrustedKeys keys) {
        if (version.envelope().isEmpty()) {
            return Optional.of(ManifestRefusal.UNSIGNED);
        }
        Envelope envelope = version.envelope().get();
        if (keys.find(envelope.keyId()).isEmpty()) {
            return Optional.of(ManifestRefusal.KEY_NOT_TRUSTED);
        }
        if (!keys.verifies(envelope)) {
            return Optional.of(ManifestRefusal.SIGNATURE_INVALID);
        }
        boolean same = envelope.payloadType().equals(ManifestStatement.PAYLOAD_TYPE)
                && envelope.payloadBytes()
                        .flatMap(ManifestStatement::parse)
                        .filter(ManifestStatement.of(image.tenant(), version)::equals)
                        .isPresent();
        if (!same) {
            return Optional.of(ManifestRefusal.CONTENT_DIFFERS);
        }
        return follows(image, version) ? Optional.empty() : Optional.of(ManifestRefusal.CHAIN_BROKEN);
    }

    /** A version whose predecessor is no longer retained has only its own word. */
    private static boolean follows(AdapterImage image, AdapterVersion version) {
        return image.version(version.number() - 1)
                .map(previous -> previous.envelope()
                        .map(Envelope::digest)
                        .filter(version.previousEnvelope()::equals)
                        .isPresent())
                .orElse(true);
    }
}
