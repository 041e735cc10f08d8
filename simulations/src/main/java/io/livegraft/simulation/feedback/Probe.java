package io.livegraft.simulation.feedback;

/** The one question a tenant is asked again and again, so that its answers can be compared. */
public sealed interface Probe {
    String text();

    /** Tokens of the answer at most. */
    int maxTokens();

    /** A customer's message, answered as a chat. */
    record Question(String text, int maxTokens) implements Probe {}

    /** A text to go on with, verbatim, to the end of the line. */
    record Opening(String text, int maxTokens) implements Probe {}
}
