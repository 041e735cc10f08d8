package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.TrustedKeys;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ManifestsTest {
    private static final JsonMapper STORED = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .build();
    private static final TrustedKeys KEYS = new TrustedKeys(List.of(TestingOffers.KEY.verifyingKey()));

    private final AdapterImage image = TestingImages.image("support", 3, TestingOffers.KEY);

    @Test
    void whatTheRegistrySignedIsBelieved() {
        image.versions().forEach(version -> assertEquals(Optional.empty(), Manifests.refusal(image, version, KEYS)));
    }

    /** The version and its envelope as bytes, with each bit of them turned over in turn. */
    @Test
    void everyAlteredBitOfAManifestIsRefused() throws IOException {
        AdapterVersion version = image.versions().getLast();
        byte[] stored = STORED.writeValueAsBytes(version);
        assertEquals(version, STORED.readValue(stored, AdapterVersion.class));
        int refused = 0;
        for (int bit = 0; bit < stored.length * 8; bit++) {
            stored[bit / 8] ^= (byte) (1 << (bit % 8));
            Optional<AdapterVersion> altered = read(stored);
            boolean believed = altered.isPresent()
                    && Manifests.refusal(image, altered.get(), KEYS).isEmpty();
            int where = bit;
            assertTrue(!believed || altered.get().equals(version), () -> "bit " + where);
            refused += believed ? 0 : 1;
            stored[bit / 8] ^= (byte) (1 << (bit % 8));
        }
        assertTrue(refused > stored.length * 8 * 0.99, refused + " of " + stored.length * 8);
    }

    /** Shows what the test above would not notice without a signature. */
    @Test
    void aCheckWithoutASignatureWouldBelieveAnAlteredVersion() {
        AdapterVersion honest = image.versions().getLast();
        SigningKey forger = SigningKey.generate();
        AdapterVersion forged = Manifests.signed("support", honest.with(Optional.empty()), forger);
        assertEquals(Optional.of(ManifestRefusal.KEY_NOT_TRUSTED), Manifests.refusal(image, forged, KEYS));
        assertEquals(
                Optional.empty(), Manifests.refusal(image, forged, new TrustedKeys(List.of(forger.verifyingKey()))));
    }

    @Test
    void anUnsignedVersionIsRefused() {
        AdapterVersion unsigned = image.versions().getLast().with(Optional.empty());
        assertEquals(Optional.of(ManifestRefusal.UNSIGNED), Manifests.refusal(image, unsigned, KEYS));
    }

    @Test
    void anotherTenantsVersionIsRefused() {
        AdapterImage other = TestingImages.image("other", 3, TestingOffers.KEY);
        assertEquals(
                Optional.of(ManifestRefusal.CONTENT_DIFFERS),
                Manifests.refusal(other, image.versions().getLast(), KEYS));
    }

    @Test
    void aVersionInAnothersPlaceIsRefused() {
        AdapterVersion first = image.versions().getFirst();
        AdapterImage another = TestingImages.image("support", 3, TestingOffers.KEY);
        AdapterImage mixed = new AdapterImage(
                "support",
                2,
                List.of(first, another.versions().get(1)),
                2,
                image.previous(),
                image.candidate(),
                false,
                List.of());
        assertEquals(
                Optional.of(ManifestRefusal.CHAIN_BROKEN),
                Manifests.refusal(mixed, mixed.versions().getLast(), KEYS));
    }

    private static Optional<AdapterVersion> read(byte[] json) {
        try {
            return Optional.of(STORED.readValue(json, AdapterVersion.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
