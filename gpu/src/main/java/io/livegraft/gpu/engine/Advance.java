package io.livegraft.gpu.engine;

/**
 * How far one generation goes in a pass.
 *
 * @param tokens to feed, from 1 to {@link Generation#pending()}
 */
public record Advance(Generation generation, int tokens) {
    /** All that is pending. */
    public static Advance whole(Generation generation) {
        return new Advance(generation, generation.pending());
    }
}
