package io.livegraft.actors.trainer;

/** What a feedback event says of an answer. */
public enum Label {
    /** Nothing besides it: a labelled example. */
    EXAMPLE,
    /** It was good. */
    ACCEPTED,
    /** It was not. */
    REJECTED,
    /** What it should have been. */
    CORRECTION,
    /** It was better than another one. */
    PREFERENCE
}
