package io.livegraft.actors.trainer;

/**
 * What a record may be at most to have a part in a state; others go to the dead letters. Part of the config digest.
 *
 * @param recordBytes of its value
 * @param messages turns of a conversation
 * @param sequenceTokens of prompt and completion together
 */
public record LogBounds(int recordBytes, int messages, int sequenceTokens) {}
