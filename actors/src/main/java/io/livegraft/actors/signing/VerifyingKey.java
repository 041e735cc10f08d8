package io.livegraft.actors.signing;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/**
 * A public Ed25519 key.
 *
 * @param id SHA-256 of its encoding, in hexadecimal
 */
public record VerifyingKey(String id, PublicKey key) {
    static final String ALGORITHM = "Ed25519";

    static VerifyingKey of(PublicKey key) {
        return new VerifyingKey(Digests.sha256(key.getEncoded()), key);
    }

    /** From the base64 of its SubjectPublicKeyInfo, the body of a PEM file. */
    public static VerifyingKey parse(String base64) {
        try {
            byte[] encoded = Base64.getDecoder().decode(base64);
            return of(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "'%s' is no public key, expected the base64 of an Ed25519 SubjectPublicKeyInfo".formatted(base64),
                    e);
        }
    }

    /** The base64 that {@link #parse} takes. */
    public String base64() {
        return Base64.getEncoder().encodeToString(key.getEncoded());
    }

    boolean verifies(byte[] signed, byte[] signature) {
        try {
            Signature verification = Signature.getInstance(ALGORITHM);
            verification.initVerify(key);
            verification.update(signed);
            return verification.verify(signature);
        } catch (SignatureException e) {
            return false; // not even the shape of a signature
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has Ed25519", e);
        }
    }
}
