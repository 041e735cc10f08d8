package io.livegraft.simulation.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import io.livegraft.proto.feedback.Tick;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final List<CrashLog.Entry> log = new ArrayList<>();

    @Test
    void everyRecordIsCountedOnceAndAnEventOnlyTheFirstTime() {
        put("crash-0", event("a"));
        put("crash-0", event("b").setRating(Rating.REJECTED));
        put("crash-1", event("a"));
        put("crash-0", event("a"));
        Ledger ledger = ledger();
        assertEquals(List.of("a", "b"), ledger.account("crash-0").ids());
        assertEquals(new Ledger.Counts(1, 0, 1, 1), ledger.account("crash-0").counts());
        assertEquals(new Ledger.Counts(1, 0, 0, 0), ledger.account("crash-1").counts());
        assertEquals(3, ledger.events());
    }

    @Test
    void idsThatHashLowAreHeldOut() {
        // SHA-256 of "event-25" begins with 0x02.
        put("crash-0", event("event-25"));
        assertEquals(new Ledger.Counts(0, 1, 0, 0), ledger().account("crash-0").counts());
    }

    @Test
    void badRecordsAreNamedByTheirPlaceAndTicksAreNobodys() {
        put("crash-0", event("a").clearCompletion());
        put("nobody", event("b"));
        log.add(new CrashLog.Entry(place(), Optional.of("crash-0"), Optional.empty(), Optional.empty()));
        log.add(new CrashLog.Entry(place(), Optional.of("crash-0"), Optional.of(new byte[] {-1}), Optional.empty()));
        log.add(new CrashLog.Entry(
                place(),
                Optional.empty(),
                Optional.of(FeedbackRecord.newBuilder()
                        .setTick(Tick.getDefaultInstance())
                        .build()
                        .toByteArray()),
                Optional.empty()));
        Ledger ledger = ledger();
        assertEquals(
                Set.of(
                        new CrashLog.Place(0, 0),
                        new CrashLog.Place(0, 1),
                        new CrashLog.Place(0, 2),
                        new CrashLog.Place(0, 3)),
                ledger.bad());
        assertEquals(0, ledger.events());
    }

    private Ledger ledger() {
        return Ledger.of(log, Set.of("crash-0", "crash-1"));
    }

    private void put(String tenant, FeedbackRecord.Builder event) {
        log.add(new CrashLog.Entry(
                place(), Optional.of(tenant), Optional.of(event.build().toByteArray()), Optional.empty()));
    }

    private CrashLog.Place place() {
        return new CrashLog.Place(0, log.size());
    }

    private static FeedbackRecord.Builder event(String id) {
        return FeedbackRecord.newBuilder().setEventId(id).setPrompt("?").setCompletion("!");
    }
}
