package io.livegraft.actors.device;

import io.livegraft.actors.batching.Refusal;

/** Who asked for answers. Called on the device's thread, one of the two, once: no method may block. */
public interface Asker {
    /** The answers wait for their places; their sinks are told how each goes on. */
    void onTaken();

    /** None of them is made, and no sink is told anything. */
    void onRefused(Refusal refusal);
}
