package io.livegraft.simulation.crash;

import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One tenant's usable records, and what they must come to: a forget takes the subject's earlier events out as if they had never
 * been there, a reset undoes what came between it and the offset that it goes back to, but for the ids of the events.
 */
final class TenantRecords {
    private record Logged(long offset, FeedbackRecord record) {}

    /** What a reset undoes: offsets between both. */
    private record Undone(long after, long before) {
        boolean contains(long offset) {
            return offset > after && offset < before;
        }
    }

    private final List<Logged> log = new ArrayList<>();

    void add(long offset, FeedbackRecord record) {
        log.add(new Logged(offset, record));
    }

    Ledger.Account account() {
        Map<String, Long> forgotten = forgotten();
        List<Undone> undone = undone();
        Effects effects = new Effects();
        for (Logged each : log) {
            FeedbackRecord record = each.record();
            boolean gone = undone.stream().anyMatch(range -> range.contains(each.offset()));
            if (record.hasConfigure()) {
                if (!gone) {
                    effects.configure(record.getConfigure());
                }
            } else if (!isControl(record) && each.offset() > forgotten.getOrDefault(record.getSubject(), -1L)) {
                if (gone) {
                    effects.undo(record);
                } else {
                    effects.take(record);
                }
            }
        }
        List<Long> controls = log.stream()
                .filter(each -> isControl(each.record()))
                .map(Logged::offset)
                .toList();
        return effects.account(controls);
    }

    /** Subject to the last forget of it. */
    private Map<String, Long> forgotten() {
        Map<String, Long> forgotten = new HashMap<>();
        log.stream()
                .filter(each -> each.record().hasForget())
                .forEach(each -> forgotten.put(each.record().getForget().getSubject(), each.offset()));
        return forgotten;
    }

    /** From the last reset backwards: one that was itself undone counts no more. */
    private List<Undone> undone() {
        List<Undone> undone = new ArrayList<>();
        long through = Long.MAX_VALUE;
        for (Logged each : log.reversed()) {
            if (each.record().hasReset() && each.offset() <= through) {
                through = each.record().getReset().getOffset();
                undone.add(new Undone(through, each.offset()));
            }
        }
        return undone;
    }

    private static boolean isControl(FeedbackRecord record) {
        return record.hasForget() || record.hasReset() || record.hasConfigure();
    }
}
