package io.livegraft.actors.scrub;

import java.util.List;

/**
 * What a scrub found.
 *
 * @param checkpoints of all tenants
 * @param adapters by digest
 * @param archive of a partition each
 * @param orphans adapters that nobody named; they are deleted
 * @param damaged the first of them, each with what is amiss
 */
public record ScrubReport(
        Tally checkpoints, Tally adapters, Tally archive, long orphans, List<String> damaged, double seconds) {
    /**
     * Of one store.
     *
     * @param whole read and found to be what was written
     * @param unfinished never whole: its writer died or is still at it
     */
    public record Tally(long whole, long unfinished, long damaged) {
        static final Tally NONE = new Tally(0, 0, 0);
    }

    public ScrubReport {
        damaged = List.copyOf(damaged);
    }

    /** Whether nothing is damaged. */
    public boolean sound() {
        return checkpoints.damaged() + adapters.damaged() + archive.damaged() == 0;
    }
}
