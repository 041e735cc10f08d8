package io.livegraft.actors.signing;

import io.livegraft.actors.checkpoint.Digests;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * A signed statement, as DSSE 1.0 has it, with one signature.
 *
 * @param payloadType what the payload is, a media type
 * @param payload in base64
 * @param keyId of the key that signed it
 * @param signature over type and payload, in base64
 */
public record Envelope(String payloadType, String payload, String keyId, String signature) {
    static Envelope of(String payloadType, byte[] payload, String keyId, byte[] signature) {
        Base64.Encoder base64 = Base64.getEncoder();
        return new Envelope(payloadType, base64.encodeToString(payload), keyId, base64.encodeToString(signature));
    }

    /** SHA-256 of everything in it, in hexadecimal: what the next envelope of a chain names. */
    public String digest() {
        return Digests.sha256(String.join("\n", payloadType, payload, keyId, signature));
    }

    /** Empty where the text is not the base64 of any bytes. */
    public Optional<byte[]> payloadBytes() {
        return decoded(payload);
    }

    Optional<byte[]> signatureBytes() {
        return decoded(signature);
    }

    /** What is signed: DSSE's pre-authentication encoding. */
    static byte[] signedBytes(String payloadType, byte[] payload) {
        byte[] type = payloadType.getBytes(StandardCharsets.UTF_8);
        byte[] head = "DSSEv1 %d %s %d "
                .formatted(type.length, payloadType, payload.length)
                .getBytes(StandardCharsets.UTF_8);
        byte[] all = new byte[head.length + payload.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
    }

    /** Strictly: a decoder forgives unused bits at the end, and then an altered text would pass. */
    private static Optional<byte[]> decoded(String text) {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            return Base64.getEncoder().encodeToString(bytes).equals(text) ? Optional.of(bytes) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
