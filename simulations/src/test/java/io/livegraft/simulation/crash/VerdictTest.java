package io.livegraft.simulation.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Evidence that was tampered with must be seen: a harness that can't fail proves nothing. */
class VerdictTest {
    private static final String TENANT = "crash-0";
    private static final List<String> IDS = List.of("a", "b", "c");
    private static final Ledger.Counts COUNTS = new Ledger.Counts(3, 0, 1, 0, 0);
    private static final Found SOUND = new Found("d2", true, 7, IDS, COUNTS, true, 2, List.of("v1", "v2"));
    private static final Oracle ORACLE =
            Oracle.parse(List.of("offer crash-0 3 v1", "offer crash-0 7 v2", "state crash-0 7 d2").stream());

    private final List<CrashLog.Entry> log = new ArrayList<>();

    VerdictTest() {
        List.of("a", "b", "b", "c").forEach(this::put);
    }

    @Test
    void soundEvidencePasses() {
        Verdict verdict = judge(SOUND, ORACLE);
        assertTrue(verdict.passed(), () -> verdict.problems().toString());
        assertEquals(0, verdict.lost() + verdict.doubled());
    }

    @Test
    void anEventThatTheStateDoesNotHoldIsLost() {
        put("d");
        Verdict verdict = judge(SOUND, ORACLE);
        assertEquals(1, verdict.lost());
        assertFalse(verdict.passed());
    }

    @Test
    void anEventThatTheLogDoesNotHoldIsDoubled() {
        log.removeLast();
        Verdict verdict = judge(SOUND, ORACLE);
        assertEquals(1, verdict.doubled());
        assertFalse(verdict.passed());
    }

    @Test
    void anEventAppliedTwiceUnderOneIdIsDoubled() {
        Verdict verdict = judge(found("d2", true, new Ledger.Counts(4, 0, 0, 0, 0), IDS), ORACLE);
        assertEquals(1, verdict.doubled());
        assertEquals(0, verdict.lost());
        assertFalse(verdict.passed());
    }

    @Test
    void oneEventLostAndAnotherDoubledDoNotCancelOut() {
        Verdict verdict = judge(found("d2", true, COUNTS, List.of("a", "b", "b")), ORACLE);
        assertEquals(1, verdict.lost());
        assertEquals(1, verdict.doubled());
    }

    @Test
    void eventsInAnotherOrderAreSeen() {
        assertFalse(
                judge(found("d2", true, COUNTS, List.of("b", "a", "c")), ORACLE).passed());
    }

    @Test
    void anotherDigestAndOtherBytesAreSeen() {
        Verdict other = judge(found("d3", true, COUNTS, IDS), ORACLE);
        assertEquals(false, other.matches().get(TENANT));
        assertFalse(other.passed());
        Verdict flipped = judge(found("d2", false, COUNTS, IDS), ORACLE);
        assertEquals(false, flipped.matches().get(TENANT));
        assertFalse(flipped.passed());
    }

    @Test
    void aVersionTooManyTooFewOrForeignIsSeen() {
        assertFalse(judge(versions(3, "v1", "v2", "v2"), ORACLE).passed());
        assertFalse(judge(versions(1, "v1"), ORACLE).passed());
        assertFalse(judge(versions(2, "v1", "v9"), ORACLE).passed());
        assertTrue(judge(versions(2, "v2"), ORACLE).passed(), "older ones are not retained");
    }

    @Test
    void aForgetDropsTheVersionsThatMayHoldWhatItLeftOut() {
        Oracle forgetting = Oracle.parse(List.of(
                "offer crash-0 1 v1",
                "offer crash-0 3 v2",
                "offer crash-0 4 v3",
                "line crash-0 2 v3",
                "offer crash-0 6 v4",
                "offer crash-0 7 v4",
                "line crash-0 -1 v4",
                "state crash-0 7 d2")
                .stream());
        assertTrue(judge(versions(4, "v1", "v3", "v4"), forgetting).passed(), "the one that is the same stays");
        assertFalse(judge(versions(4, "v1", "v2", "v3", "v4"), forgetting).passed());
        assertFalse(judge(versions(3, "v1", "v3"), forgetting).passed());
    }

    @Test
    void aRecordUndoneTooOftenOrNotAtAllIsSeen() {
        assertFalse(judge(found("d2", true, new Ledger.Counts(2, 0, 1, 0, 1), IDS), ORACLE)
                .passed());
    }

    @Test
    void aTenantWithoutAStateHasLostAllItsEvents() {
        Verdict verdict = Verdict.of(ledger(), new TreeMap<>(), ORACLE, Set.of());
        assertEquals(3, verdict.lost());
        assertFalse(verdict.passed());
    }

    @Test
    void aRecordRefusedWithoutCauseAndABadOneNotRefusedAreSeen() {
        SortedMap<String, Found> found = new TreeMap<>(Map.of(TENANT, SOUND));
        assertFalse(Verdict.of(ledger(), found, ORACLE, Set.of(new CrashLog.Place(0, 1)))
                .passed());
        log.add(new CrashLog.Entry(
                new CrashLog.Place(0, log.size()), Optional.of(TENANT), Optional.empty(), Optional.empty()));
        assertFalse(Verdict.of(ledger(), found, ORACLE, Set.of()).passed());
    }

    private Verdict judge(Found found, Oracle oracle) {
        return Verdict.of(ledger(), new TreeMap<>(Map.of(TENANT, found)), oracle, Set.of());
    }

    private Ledger ledger() {
        return Ledger.of(log, Set.of(TENANT));
    }

    private static Found found(String digest, boolean intact, Ledger.Counts counts, List<String> ids) {
        return new Found(digest, intact, 7, ids, counts, true, 2, List.of("v1", "v2"));
    }

    private static Found versions(int newest, String... digests) {
        return new Found("d2", true, 7, IDS, COUNTS, true, newest, List.of(digests));
    }

    private void put(String id) {
        FeedbackRecord event = FeedbackRecord.newBuilder()
                .setEventId(id)
                .setPrompt("?")
                .setCompletion("!")
                .build();
        log.add(new CrashLog.Entry(
                new CrashLog.Place(0, log.size()),
                Optional.of(TENANT),
                Optional.of(event.toByteArray()),
                Optional.empty()));
    }
}
