package io.livegraft.actors.registry;

import java.util.List;

/** Why an image is told to publishers. */
public sealed interface AdapterDelta {
    /** The registry has read it back after a start: the image as a whole is the change. */
    record Recovered() implements AdapterDelta {}

    /**
     * One decision was accepted and is durable.
     *
     * @param dropped versions whose files no retained one needs any more
     */
    record Accepted(AdapterEvent event, List<AdapterVersion> dropped) implements AdapterDelta {}
}
