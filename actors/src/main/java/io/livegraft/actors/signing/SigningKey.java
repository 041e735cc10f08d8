package io.livegraft.actors.signing;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;

/** A private Ed25519 key and its public half. */
public final class SigningKey {
    private final PrivateKey key;
    private final VerifyingKey verifyingKey;

    private SigningKey(KeyPair pair) {
        this.key = pair.getPrivate();
        this.verifyingKey = VerifyingKey.of(pair.getPublic());
    }

    /** A fresh one. */
    public static SigningKey generate() {
        return new SigningKey(generated(new SecureRandom()));
    }

    /** The platform derives a public key only while it generates a pair: so generate this very one again. */
    static SigningKey of(EdECPrivateKey key) {
        byte[] seed = key.getBytes().orElseThrow();
        KeyPair pair = generated(new SecureRandom() {
            private static final long serialVersionUID = 1;

            @Override
            public void nextBytes(byte[] bytes) {
                System.arraycopy(seed, 0, bytes, 0, bytes.length);
            }
        });
        if (!pair.getPrivate().equals(key)) {
            throw new IllegalStateException("this platform makes Ed25519 keys in another way: no public key");
        }
        return new SigningKey(pair);
    }

    public VerifyingKey verifyingKey() {
        return verifyingKey;
    }

    public Envelope sign(String payloadType, byte[] payload) {
        try {
            Signature signature = Signature.getInstance(VerifyingKey.ALGORITHM);
            signature.initSign(key);
            signature.update(Envelope.signedBytes(payloadType, payload));
            return Envelope.of(payloadType, payload, verifyingKey.id(), signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has Ed25519", e);
        }
    }

    PrivateKey privateKey() {
        return key;
    }

    private static KeyPair generated(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(VerifyingKey.ALGORITHM);
            generator.initialize(NamedParameterSpec.ED25519, random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has Ed25519", e);
        }
    }
}
