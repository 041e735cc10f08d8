package io.livegraft.simulation.crash;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.Comparator;
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
     * @param controls forgets, resets and configurations
     * @param controlledThrough offset of the last of them; −1 without one
     */
    record Account(List<String> ids, Counts counts, int controls, long controlledThrough) {
        static final Account NOTHING = new Account(List.of(), Counts.NONE, 0, -1);
    }

    /** How many records were trained, held out, seen before, without anything to learn from, and undone by a reset. */
    record Counts(long trained, long heldOut, long duplicates, long skipped, long undone) {
        static final Counts NONE = new Counts(0, 0, 0, 0, 0);

        long records() {
            return trained + heldOut + skipped + duplicates + undone;
        }
    }

    private static final Comparator<CrashLog.Place> PLACES =
            Comparator.comparingInt(CrashLog.Place::partition).thenComparingLong(CrashLog.Place::offset);

    /** {@code tenants} are those of the run: records of others are bad. */
    static Ledger of(List<CrashLog.Entry> log, Set<String> tenants) {
        SortedMap<String, TenantRecords> records = new TreeMap<>();
        Set<CrashLog.Place> bad = new TreeSet<>(PLACES);
        for (CrashLog.Entry entry : log) {
            Optional<FeedbackRecord> record = entry.value().flatMap(Ledger::parse);
            if (record.filter(FeedbackRecord::hasTick).isPresent()) {
                continue;
            }
            Optional<String> tenant = entry.key().filter(tenants::contains);
            Optional<FeedbackRecord> usable =
                    record.filter(each -> usable(each, entry.place().offset()));
            if (tenant.isPresent() && usable.isPresent()) {
                records.computeIfAbsent(tenant.get(), first -> new TenantRecords())
                        .add(entry.place().offset(), usable.get());
            } else {
                bad.add(entry.place());
            }
        }
        SortedMap<String, Account> accounts = new TreeMap<>();
        records.forEach((tenant, of) -> accounts.put(tenant, of.account()));
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
                        && state.offset() >= each.getValue().controlledThrough()
                        && state.counts().records() == each.getValue().counts().records())
                .isPresent());
    }

    Account account(String tenant) {
        return tenants.getOrDefault(tenant, Account.NOTHING);
    }

    long events() {
        return tenants.values().stream().mapToLong(each -> each.ids().size()).sum();
    }

    int controls() {
        return tenants.values().stream().mapToInt(Account::controls).sum();
    }

    private static Optional<FeedbackRecord> parse(byte[] value) {
        try {
            return value.length == 0 ? Optional.empty() : Optional.of(FeedbackRecord.parseFrom(value));
        } catch (InvalidProtocolBufferException broken) {
            return Optional.empty();
        }
    }

    private static boolean usable(FeedbackRecord record, long offset) {
        if (record.hasReset()) {
            return record.getReset().getOffset() < offset;
        }
        return record.hasForget() || record.hasConfigure() || complete(record);
    }

    private static boolean complete(FeedbackRecord event) {
        return !event.getEventId().isEmpty()
                && !event.getPrompt().isEmpty()
                && !event.getCompletion().isBlank();
    }
}
