package io.livegraft.actors.registry;

/** Why a version must not be served; the codes are stable. */
public enum ManifestRefusal {
    /** Nobody signed it. */
    UNSIGNED("manifest_unsigned"),
    /** The signature is by a key that is not trusted here. */
    KEY_NOT_TRUSTED("manifest_key_not_trusted"),
    /** Envelope or signature were altered. */
    SIGNATURE_INVALID("manifest_signature_invalid"),
    /** What was signed is not what the registry says about the version: altered, replayed or another tenant's. */
    CONTENT_DIFFERS("manifest_content_differs"),
    /** It does not follow the version before it. */
    CHAIN_BROKEN("manifest_chain_broken");

    private final String code;

    ManifestRefusal(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }
}
