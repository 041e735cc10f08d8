package io.livegraft.simulation.swap;

import java.util.List;

/**
 * What was generated, to the bit.
 *
 * @param finish stop or length
 * @param logprobs of the drawn tokens
 */
record Answer(String text, String finish, List<Float> logprobs) {
    Answer {
        logprobs = List.copyOf(logprobs);
    }
}
