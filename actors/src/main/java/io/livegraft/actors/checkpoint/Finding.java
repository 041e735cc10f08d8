package io.livegraft.actors.checkpoint;

/** What scrubbing found of one checkpoint ({@code tenant/file}) or adapter (its digest). */
public sealed interface Finding {
    String name();

    /** Its bytes are those it was written with. */
    record Whole(String name) implements Finding {}

    /**
     * Whole, but the checkpoint it grew from is not there: expected of the oldest retained ones.
     *
     * @param parent its digest
     */
    record Unlinked(String name, String parent) implements Finding {}

    /** Never whole: its writer died or is still at it. Nothing uses it. */
    record Unfinished(String name) implements Finding {}

    /**
     * Not what was written.
     *
     * @param reason what is amiss
     */
    record Damaged(String name, String reason) implements Finding {}
}
