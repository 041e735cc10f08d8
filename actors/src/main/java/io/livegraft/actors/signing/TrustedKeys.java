package io.livegraft.actors.signing;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The keys whose signatures count, by id. */
public final class TrustedKeys {
    private final Map<String, VerifyingKey> keys = new TreeMap<>();

    public TrustedKeys(Collection<VerifyingKey> trusted) {
        trusted.forEach(key -> keys.put(key.id(), key));
    }

    public List<VerifyingKey> all() {
        return List.copyOf(keys.values());
    }

    public Optional<VerifyingKey> find(String id) {
        return Optional.ofNullable(keys.get(id));
    }

    /** Whether a trusted key has signed exactly this. */
    public boolean verifies(Envelope envelope) {
        Optional<VerifyingKey> key = find(envelope.keyId());
        Optional<byte[]> payload = envelope.payloadBytes();
        Optional<byte[]> signature = envelope.signatureBytes();
        return key.isPresent()
                && payload.isPresent()
                && signature.isPresent()
                && key.get().verifies(Envelope.signedBytes(envelope.payloadType(), payload.get()), signature.get());
    }
}
