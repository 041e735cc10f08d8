package io.livegraft.simulation.swap;

import java.util.List;

/** What was generated, to the bit: one choice for each that was asked for. */
record Answer(List<Choice> choices) {
    Answer {
        choices = List.copyOf(choices);
    }

    /**
     * One of the texts.
     *
     * @param finish stop or length
     * @param logprobs of the tokens in the text: drawn ones, and an echoed prompt's before them (0 for its first, which has none)
     */
    record Choice(String text, String finish, List<Float> logprobs) {
        Choice {
            logprobs = List.copyOf(logprobs);
        }
    }

    /** With one choice. */
    static Answer of(String text, String finish, List<Float> logprobs) {
        return new Answer(List.of(new Choice(text, finish, logprobs)));
    }

    int tokens() {
        return choices.stream().mapToInt(choice -> choice.logprobs().size()).sum();
    }
}
