package io.livegraft.actors.trainer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which entries of one tenant's log make its state after one of them: what resets undid and what forgets left out does not.
 *
 * <pre>{@code
 *   S(n) = on(S(n − 1), entry n)      entries of forgotten subjects being absent
 *   S(r) = S(v), with the ids of the events between as seen      where entry r resets to v
 * }</pre>
 *
 * A forget counts through the whole log before it, also where a reset goes back behind it; a reset counts only on the line that
 * it is part of.
 */
final class Selection {
    /** What a state makes of an entry. */
    enum Part {
        TAKEN,
        UNDONE,
        LEFT_OUT
    }

    /** Subject to the offset before which its events are absent. */
    private final Map<String, Long> forgotten = new HashMap<>();
    /** Offset of a reset on the line to the offset it goes back to. */
    private final NavigableMap<Long, Long> resets = new TreeMap<>();

    private Selection() {}

    /**
     * @param controls forgets and resets of the log up to {@code through}, in its order
     * @param without subjects to leave out besides
     */
    static Selection of(List<LogEntry> controls, long through, Set<String> without) {
        Selection selection = new Selection();
        NavigableMap<Long, Long> all = new TreeMap<>();
        for (LogEntry control : controls) {
            if (control instanceof LogEntry.Forget forget) {
                selection.forgotten.put(forget.subject(), forget.offset());
            } else if (control instanceof LogEntry.Reset reset) {
                all.put(reset.offset(), reset.to());
            }
        }
        without.forEach(subject -> selection.forgotten.put(subject, Long.MAX_VALUE));
        for (var last = all.floorEntry(through); last != null; last = all.floorEntry(last.getValue())) {
            selection.resets.put(last.getKey(), last.getValue());
        }
        return selection;
    }

    Part part(LogEntry entry) {
        if (entry instanceof LogEntry.Feedback feedback && forgets(feedback)) {
            return Part.LEFT_OUT;
        }
        var next = resets.higherEntry(entry.offset());
        return next != null && next.getValue() < entry.offset() ? Part.UNDONE : Part.TAKEN;
    }

    private boolean forgets(LogEntry.Feedback feedback) {
        return !feedback.subject().isEmpty() && feedback.offset() < forgotten.getOrDefault(feedback.subject(), -1L);
    }
}
