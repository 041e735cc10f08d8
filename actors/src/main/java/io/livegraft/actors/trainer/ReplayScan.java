package io.livegraft.actors.trainer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** The first reading of a log that is read again: what its control entries say, before the entries they are about. */
final class ReplayScan {
    private final List<LogEntry> controls = new ArrayList<>();
    /** Subject to its first event that no forget has left out yet. */
    private final Map<String, Long> firstEvents = new HashMap<>();

    void take(LogEntry entry) {
        switch (entry) {
            case LogEntry.Feedback feedback -> {
                if (!feedback.subject().isEmpty()) {
                    firstEvents.putIfAbsent(feedback.subject(), feedback.offset());
                }
            }
            case LogEntry.Forget forget -> {
                controls.add(forget);
                firstEvents.remove(forget.subject());
            }
            case LogEntry.Reset reset -> controls.add(reset);
            case LogEntry.Tick tick -> {}
            case LogEntry.Configure configure -> {}
        }
    }

    /** Of the entries taken so far. */
    OptionalLong firstEvent(String subject) {
        Long first = firstEvents.get(subject);
        return first == null ? OptionalLong.empty() : OptionalLong.of(first);
    }

    Selection selection(long through, Set<String> without) {
        return Selection.of(controls, through, without);
    }
}
