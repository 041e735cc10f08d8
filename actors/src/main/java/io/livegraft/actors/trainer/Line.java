package io.livegraft.actors.trainer;

/**
 * Where the line of versions that a state belongs to began: with the entry that made it anew from the log.
 *
 * @param offset of that entry; 0 for the first line
 * @param forgets whether it left events out for good
 */
record Line(long offset, boolean forgets) {
    static final Line FIRST = new Line(0, false);
}
