package io.livegraft.actors.registry;

import io.livegraft.actors.signing.SigningKey;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Instant;
import java.util.List;

/** Images as the registry makes them. */
public final class TestingImages {
    private TestingImages() {}

    /** Versions {@code d1}, {@code d2} and so on. */
    static AdapterImage image(String tenant, int versions, SigningKey key) {
        return image(tenant, List.of("d1", "d2", "d3").subList(0, versions), key);
    }

    /** A line of versions; the last one serves. */
    public static AdapterImage image(String tenant, List<String> digests, SigningKey key) {
        OfferRules rules = new OfferRules(tenant, "base", "config", key);
        RegistryState state = RegistryState.empty(tenant);
        for (String digest : digests) {
            PublishManifest offer = new TestingOffers(tenant).offer(digest, state.head());
            RegistryDecision decision = rules.publish(state, offer, TestingOffers.PASSED, Instant.now());
            state = state.apply(
                    ((RegistryDecision.Accept) decision).event(), TestingOffers.settings(new DatabaseSettings.H2(1)));
        }
        return state.image();
    }
}
