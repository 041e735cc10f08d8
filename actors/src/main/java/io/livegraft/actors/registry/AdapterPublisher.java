package io.livegraft.actors.registry;

import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.Optional;

/** Is told every change of every tenant's image, in order per tenant. */
@FunctionalInterface
public interface AdapterPublisher {
    /**
     * Called on the registry's thread: must not block.
     *
     * @param manifest of the version that was just published, if that is the change
     */
    void onUpdate(AdapterDelta delta, AdapterImage image, Optional<PublishManifest> manifest);
}
