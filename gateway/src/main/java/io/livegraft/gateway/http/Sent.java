package io.livegraft.gateway.http;

import io.livegraft.gpu.generation.GenerationDelta;

/**
 * How much of one choice has gone out.
 *
 * @param deltas of any kind
 * @param tokens drawn ones
 * @param characters of the answer and, where it was scored, of the prompt
 */
record Sent(int deltas, int tokens, int characters) {
    static final Sent NOTHING = new Sent(0, 0, 0);

    Sent with(GenerationDelta delta) {
        int prompt =
                delta.prompt().stream().mapToInt(token -> token.text().length()).sum();
        return new Sent(
                deltas + 1,
                tokens + (delta.drawn() ? 1 : 0),
                characters + prompt + delta.text().length());
    }
}
