package io.livegraft.gpu.backend;

/** What a backend may keep out of its device's own memory, since a step reads and writes each value once. */
public enum Offloadable {
    /** Of an optimizer. */
    MOMENTS,
    /** Inputs of blocks, from the forward pass to the backward pass. */
    CHECKPOINTS
}
