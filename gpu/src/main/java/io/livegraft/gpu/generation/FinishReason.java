package io.livegraft.gpu.generation;

/** Why a generation ended, in OpenAI's words (lower case on the wire). */
public enum FinishReason {
    /** The model ended its answer, or a stop string was met. */
    STOP,
    /** The requested number of tokens, or the base's context, is used up. */
    LENGTH
}
