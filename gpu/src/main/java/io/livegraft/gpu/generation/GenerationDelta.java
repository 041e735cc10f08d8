package io.livegraft.gpu.generation;

import java.util.Optional;

/**
 * What one decode step added to one generation.
 *
 * @param token the id drawn
 * @param logprob its natural log-probability under the unmodified distribution
 * @param text complete characters that became certain; may be empty while bytes or a possible stop string are held back
 * @param finish present on the last delta
 */
public record GenerationDelta(int token, float logprob, String text, Optional<FinishReason> finish) {}
