package io.livegraft.simulation.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Forget;
import io.livegraft.proto.feedback.Rating;
import io.livegraft.proto.feedback.Reset;
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
        assertEquals(new Ledger.Counts(1, 0, 1, 1, 0), ledger.account("crash-0").counts());
        assertEquals(new Ledger.Counts(1, 0, 0, 0, 0), ledger.account("crash-1").counts());
        assertEquals(3, ledger.events());
    }

    @Test
    void idsThatHashLowAreHeldOut() {
        // SHA-256 of "event-25" begins with 0x02.
        put("crash-0", event("event-25"));
        assertEquals(
                new Ledger.Counts(0, 1, 0, 0, 0), ledger().account("crash-0").counts());
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

    @Test
    void aForgottenSubjectsEarlierEventsWereNeverThereAndItsLaterOnesAreNew() {
        put("crash-0", event("a").setSubject("ann"));
        put("crash-0", event("b").setSubject("bob"));
        put("crash-0", control().setForget(Forget.newBuilder().setSubject("ann")));
        put("crash-0", event("a").setSubject("ann"));
        Ledger.Account account = ledger().account("crash-0");
        assertEquals(List.of("b", "a"), account.ids());
        assertEquals(new Ledger.Counts(2, 0, 0, 0, 0), account.counts());
        assertEquals(1, account.controls());
        assertEquals(2, account.controlledThrough());
    }

    @Test
    void aResetUndoesWhatCameBetweenButItsIdsStaySeen() {
        put("crash-0", event("a"));
        put("crash-0", event("b"));
        put("crash-0", control().setReset(Reset.newBuilder().setOffset(0)));
        put("crash-0", event("b"));
        put("crash-0", event("c"));
        Ledger.Account account = ledger().account("crash-0");
        assertEquals(List.of("a", "b", "c"), account.ids());
        assertEquals(new Ledger.Counts(2, 0, 1, 0, 1), account.counts());
    }

    @Test
    void aResetThatWasItselfUndoneCountsNoMore() {
        put("crash-0", event("a"));
        put("crash-0", event("b"));
        put("crash-0", control().setReset(Reset.newBuilder().setOffset(-1)));
        put("crash-0", control().setReset(Reset.newBuilder().setOffset(1)));
        assertEquals(
                new Ledger.Counts(2, 0, 0, 0, 0), ledger().account("crash-0").counts());
    }

    @Test
    void whatIsConfiguredCountsFromThereOnUnlessItWasUndone() {
        put("crash-0", event("a").setRating(Rating.REJECTED));
        put("crash-0", control().setConfigure(Configure.newBuilder().setLoss("kto")));
        put("crash-0", event("b").setRating(Rating.REJECTED));
        assertEquals(
                new Ledger.Counts(1, 0, 0, 1, 0), ledger().account("crash-0").counts());
        put("crash-0", control().setReset(Reset.newBuilder().setOffset(0)));
        put("crash-0", event("c").setRating(Rating.REJECTED));
        put("crash-0", control().setConfigure(Configure.newBuilder().setLoss("dpo")));
        put("crash-0", event("d"));
        put("crash-0", event("e").setRejected("worse"));
        assertEquals(
                new Ledger.Counts(1, 0, 0, 3, 1), ledger().account("crash-0").counts());
    }

    @Test
    void aResetToAnOffsetThatIsNotBeforeItIsBad() {
        put("crash-0", control().setReset(Reset.newBuilder().setOffset(0)));
        assertEquals(Set.of(new CrashLog.Place(0, 0)), ledger().bad());
    }

    private static FeedbackRecord.Builder control() {
        return FeedbackRecord.newBuilder();
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
