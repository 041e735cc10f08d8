package io.livegraft.gateway.admin;

import io.livegraft.actors.signing.VerifyingKey;

/**
 * A key whose signatures count.
 *
 * @param keyId SHA-256 of the key, as envelopes name it
 * @param publicKey base64 of its SubjectPublicKeyInfo
 */
record SigningKeyView(String keyId, String algorithm, String publicKey) {
    static SigningKeyView of(VerifyingKey key) {
        return new SigningKeyView(key.id(), key.key().getAlgorithm(), key.base64());
    }
}
