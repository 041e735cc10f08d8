package io.livegraft.simulation.crash;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What each record of the log must come to, by the rules that the documentation states and nothing of the node's code.
 *
 * @param tenants what each tenant's records must come to
 * @param bad places of the records that can't be used
 */
record Ledger(SortedMap<String, Account> tenants, Set<CrashLog.Place> bad) {
    /**
     * One tenant's.
     *
     * @param ids of its events, each once, in log order
     */
    record Account(List<String> ids, Counts counts) {}

    /** How many records were trained, held out, seen before, and without anything to imitate. */
    record Counts(long trained, long heldOut, long duplicates, long skipped) {
        static final Counts NONE = new Counts(0, 0, 0, 0);

        /** Records that changed the state. */
        long effects() {
            return trained + heldOut + skipped;
        }

        long records() {
            return effects() + duplicates;
        }
    }

    private static final Comparator<CrashLog.Place> PLACES =
            Comparator.comparingInt(CrashLog.Place::partition).thenComparingLong(CrashLog.Place::offset);

    /** {@code tenants} are those of the run: records of others are bad. */
    static Ledger of(List<CrashLog.Entry> log, Set<String> tenants) {
        SortedMap<String, Draft> drafts = new TreeMap<>();
        Set<CrashLog.Place> bad = new TreeSet<>(PLACES);
        for (CrashLog.Entry entry : log) {
            Optional<FeedbackRecord> record = entry.value().flatMap(Ledger::parse);
            if (record.filter(FeedbackRecord::hasTick).isPresent()) {
                continue;
            }
            Optional<String> tenant = entry.key().filter(tenants::contains);
            Optional<FeedbackRecord> event = record.filter(Ledger::complete);
            if (tenant.isPresent() && event.isPresent()) {
                drafts.computeIfAbsent(tenant.get(), first -> new Draft()).take(event.get());
            } else {
                bad.add(entry.place());
            }
        }
        SortedMap<String, Account> accounts = new TreeMap<>();
        drafts.forEach((tenant, draft) -> accounts.put(tenant, draft.account()));
        return new Ledger(accounts, bad);
    }

    /** Of what is in the log now; the run's tenants are those that count. */
    static Ledger read(String bootstrapServers, CrashSettings run) {
        Set<String> tenants = IntStream.range(0, run.tenants())
                .mapToObj(CrashSettings::tenant)
                .collect(Collectors.toSet());
        return of(CrashLog.read(bootstrapServers, CrashLog.FEEDBACK_TOPIC), tenants);
    }

    /** Whether every record is counted, every step offered and every offer decided. */
    boolean settles(SortedMap<String, Found> found) {
        return tenants.entrySet().stream().allMatch(each -> Optional.ofNullable(found.get(each.getKey()))
                .filter(state -> state.settled()
                        && state.counts().records() == each.getValue().counts().records())
                .isPresent());
    }

    Account account(String tenant) {
        return tenants.getOrDefault(tenant, new Account(List.of(), Counts.NONE));
    }

    long events() {
        return tenants.values().stream().mapToLong(each -> each.ids().size()).sum();
    }

    private static Optional<FeedbackRecord> parse(byte[] value) {
        try {
            return value.length == 0 ? Optional.empty() : Optional.of(FeedbackRecord.parseFrom(value));
        } catch (InvalidProtocolBufferException broken) {
            return Optional.empty();
        }
    }

    private static boolean complete(FeedbackRecord event) {
        return !event.getEventId().isEmpty()
                && !event.getPrompt().isEmpty()
                && !event.getCompletion().isBlank();
    }

    private static boolean heldOut(String eventId) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(eventId.getBytes(StandardCharsets.UTF_8));
            return (digest[0] & 0xff) < CrashSettings.HELD_OUT_SHARE;
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    /** An account while the log is read. */
    private static final class Draft {
        private final Set<String> ids = new LinkedHashSet<>();
        private long trained;
        private long heldOut;
        private long duplicates;
        private long skipped;

        private void take(FeedbackRecord event) {
            if (!ids.add(event.getEventId())) {
                duplicates++;
            } else if (event.hasRating() && event.getRating() == Rating.REJECTED) {
                skipped++;
            } else if (heldOut(event.getEventId())) {
                heldOut++;
            } else {
                trained++;
            }
        }

        private Account account() {
            return new Account(List.copyOf(ids), new Counts(trained, heldOut, duplicates, skipped));
        }
    }
}
