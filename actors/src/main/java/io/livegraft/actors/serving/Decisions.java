package io.livegraft.actors.serving;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.ManifestRefusal;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What the registry decides, on its way to serving: its version is verified, staged, flipped to; the first two away from the
 * replica, the last in a step of its own. Whatever a step waits for calls on it again.
 */
final class Decisions {
    private final Swaps swaps;
    private final Residency<?> residency;
    private final BiConsumer<AdapterImage, AdapterVersion> verifier;
    private final Consumer<TenantTable> flipper;

    /**
     * @param verifier has a version checked; ends with {@link #verified}, later
     * @param flipper has what is ready flipped to, later
     */
    Decisions(
            Swaps swaps,
            Residency<?> residency,
            BiConsumer<AdapterImage, AdapterVersion> verifier,
            Consumer<TenantTable> flipper) {
        this.swaps = swaps;
        this.residency = residency;
        this.verifier = verifier;
        this.flipper = flipper;
    }

    /** A registry that only woke says nothing new; whoever is asked for it here is told by the answer. */
    void recovered(AdapterImage image) {
        swaps.find(image.tenant())
                .filter(table -> image.revision() > table.image().revision() || !table.settled())
                .ifPresent(table -> serve(swaps.decided(image)));
    }

    /**
     * Decisions may come twice, and one from another node after a later one.
     *
     * @param eventTimes milliseconds since the epoch, of the events that the newest version learned from
     */
    void decided(AdapterImage image, List<Long> eventTimes) {
        if (!swaps.isNew(image)) {
            return;
        }
        TenantTable table = swaps.decided(image);
        serve(table);
        if (!eventTimes.isEmpty()) {
            table.learned(image.newestNumber(), eventTimes);
        }
    }

    /** A version was checked. */
    void verified(String tenant, AdapterVersion version, Optional<ManifestRefusal> refusal) {
        swaps.find(tenant).ifPresent(table -> {
            swaps.verified(table, version, refusal);
            if (refusal.isEmpty()) {
                serve(table);
            }
        });
    }

    /** An adapter is on the device. */
    void staged(AdapterSlots.Key key) {
        swaps.waitingFor(key).ifPresent(this::serve);
    }

    private void serve(TenantTable table) {
        AdapterImage image = table.image();
        if (table.settled()) {
            return;
        }
        Optional<AdapterVersion> version = image.servingVersion();
        if (version.isEmpty()) {
            ready(table);
        } else if (!table.verified(version.get())) {
            verifier.accept(image, version.get());
        } else if (isStaged(new AdapterSlots.Key(image.tenant(), version.get().digest()))) {
            ready(table);
        }
    }

    private void ready(TenantTable table) {
        swaps.ready(table);
        flipper.accept(table);
    }

    private boolean isStaged(AdapterSlots.Key key) {
        return residency.slot(key).staged().isPresent();
    }
}
