package io.livegraft.actors.batching;

/** An admitted answer on the device, as far as its memory and its progress decide who is computed next. */
public interface Sequence {
    /** Tokens that can be fed in one piece, at least one: what is left of the prompt, or of tokens to be fed again, or the last one. */
    int pending();

    /** Pages of memory it must be given to feed so many tokens more. */
    int pagesFor(int tokens);
}
