package io.livegraft.actors.registry;

/** Why an image is told to publishers. */
public sealed interface AdapterDelta {
    /** The registry has read it back after a start: the image as a whole is the change. */
    record Recovered() implements AdapterDelta {}

    /** One decision was accepted and is durable. */
    record Accepted(AdapterEvent event) implements AdapterDelta {}
}
