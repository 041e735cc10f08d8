package io.livegraft.actors.replay;

import io.livegraft.actors.archive.ArchivedRecord;
import io.livegraft.actors.trainer.LogEntry;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a tenant's forgets leave out of an archive, found by reading it in order. */
final class ForgetScan {
    private final String tenant;
    private final TenantEntries entries;
    /** Subject to the offset of its last forget. */
    private final Map<String, Long> forgets = new HashMap<>();
    /** Subject to its first event that no forget has left out yet. */
    private final Map<String, Long> firstEvents = new HashMap<>();

    private final SortedMap<Long, Long> firsts = new TreeMap<>();

    ForgetScan(String tenant, TenantEntries entries) {
        this.tenant = tenant;
        this.entries = entries;
    }

    void take(ArchivedRecord record) {
        entries.entry(tenant, record.key(), record.value(), record.offset(), record.logMillis())
                .ifPresent(this::take);
    }

    private void take(LogEntry entry) {
        switch (entry) {
            case LogEntry.Feedback feedback -> firstEvents.putIfAbsent(feedback.subject(), feedback.offset());
            case LogEntry.Forget forget -> {
                forgets.put(forget.subject(), forget.offset());
                Long first = firstEvents.remove(forget.subject());
                if (first != null) {
                    firsts.put(forget.offset(), first);
                }
            }
            case LogEntry.Reset reset -> {}
            case LogEntry.Configure configure -> {}
            case LogEntry.Tick tick -> {}
        }
    }

    /** Offset of a forget to that of the first event that it leaves out, where there is one. */
    SortedMap<Long, Long> firsts() {
        return firsts;
    }

    /** Also of events that could not be used. */
    boolean forgotten(ArchivedRecord record) {
        return entries.subject(tenant, record.key(), record.value())
                .filter(subject -> record.offset() < forgets.getOrDefault(subject, -1L))
                .isPresent();
    }
}
