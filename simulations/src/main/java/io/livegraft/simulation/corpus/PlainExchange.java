package io.livegraft.simulation.corpus;

import java.util.List;

/**
 * One question and what there is to say to it, in nobody's style.
 *
 * @param topic a noun phrase that fits after "about"
 * @param answer the facts in one or two plain sentences
 * @param notes the facts in few words each
 */
public record PlainExchange(String topic, String question, String answer, List<String> notes) {
    public PlainExchange {
        notes = List.copyOf(notes);
    }
}
