package io.livegraft.simulation.corpus;

import java.util.List;

/**
 * One thing a customer asks for. All texts may hold slots; every answer goes with every detail.
 *
 * @param topic a noun phrase that fits after "about"
 * @param notes the answer in few words, for styles that don't write sentences
 * @param offer a verb phrase that fits after "Would you like me to"
 * @param done the sentence that tells the offer was carried out
 */
record Intent(
        String name,
        String topic,
        List<String> questions,
        List<String> answers,
        List<String> details,
        List<String> steps,
        List<String> notes,
        String offer,
        String done,
        List<FollowUp> followUps) {

    /** A second question that only makes sense after the first answer. */
    record FollowUp(String question, String answer, List<String> notes) {}
}
