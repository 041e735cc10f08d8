package io.livegraft.gpu.generation;

/**
 * A token that could have been drawn.
 *
 * @param token its id
 * @param logprob its natural log-probability under the unmodified distribution
 * @param text what it would have added, U+FFFD for bytes that are no character by themselves
 */
public record TokenLogprob(int token, float logprob, String text) {}
