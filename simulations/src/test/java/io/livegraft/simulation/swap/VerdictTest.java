package io.livegraft.simulation.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.simulation.run.NodeHttp;
import io.livegraft.simulation.swap.AnswerOracle.Asked;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The mutants of {@link SwapLawTest}: every way in which an answer can be wrong is seen. */
class VerdictTest {
    private static final Instant START = Instant.parse("2026-11-22T18:00:00Z");
    private static final Question QUESTION = new Question(false, "When are you open?", 4, 0, 0, 1, false);
    private static final Answer BASE = Answer.of(" At", "length", List.of(-1f, -2f, -3f, -4f));
    private static final Answer FIRST = Answer.of(" On", "length", List.of(-1f, -2f, -3f, -4.5f));
    private static final Answer SECOND = Answer.of(" On", "length", List.of(-1f, -2f, -3f, Math.nextDown(-4.5f)));
    private static final String FIRST_DIGEST = "1".repeat(64);
    private static final String SECOND_DIGEST = "2".repeat(64);

    private final Map<Asked, Answer> oracle = Map.of(
            new Asked(QUESTION, ""), BASE,
            new Asked(QUESTION, FIRST_DIGEST), FIRST,
            new Asked(QUESTION, SECOND_DIGEST), SECOND);

    @Test
    void theAnswerOfTheVersionThatServesIsRight() {
        assertEquals(
                List.of(),
                verdict(30, new Wanted.Serving(false), said(1, FIRST)).problems());
        assertEquals(
                List.of(),
                verdict(90, new Wanted.Serving(true), said(2, SECOND)).problems());
        assertEquals(
                List.of(), verdict(90, new Wanted.Previous(), said(1, FIRST)).problems());
        assertEquals(
                List.of(), verdict(90, new Wanted.Version(1), said(1, FIRST)).problems());
        assertEquals(
                List.of(), verdict(0, new Wanted.Serving(false), said(0, BASE)).problems());
    }

    @Test
    void aVersionMayServeUntilTheNextOneIsStaged() {
        Verdict soon = verdict(61, new Wanted.Serving(false), said(1, FIRST));
        assertEquals(List.of(), soon.problems());
        assertEquals(List.of(Duration.ofSeconds(1)), soon.lags());
    }

    @Test
    void aVersionThatWasOverIsStale() {
        assertEquals(1, verdict(75, new Wanted.Serving(false), said(1, FIRST)).stale());
        assertEquals(1, verdict(75, new Wanted.Previous(), said(0, BASE)).stale());
        assertEquals(1, verdict(30, new Wanted.Serving(false), said(2, SECOND)).stale());
        assertEquals(1, verdict(90, new Wanted.Version(2), said(1, FIRST)).stale());
    }

    @Test
    void oneTokenByAnotherVersionIsMixed() {
        assertEquals(1, verdict(90, new Wanted.Serving(false), said(2, FIRST)).mixed());
    }

    @Test
    void oneChoiceByAnotherVersionIsMixed() {
        Question two = new Question(false, "When are you open?", 4, 0, 0, 2, false);
        var both =
                new Answer(List.of(SECOND.choices().getFirst(), SECOND.choices().getFirst()));
        var torn =
                new Answer(List.of(SECOND.choices().getFirst(), FIRST.choices().getFirst()));
        Map<Asked, Answer> asked = Map.of(new Asked(two, SECOND_DIGEST), both);
        for (Answer answer : List.of(torn, SECOND)) {
            Exchange exchange = new Exchange(
                    "a",
                    new Wanted.Serving(false),
                    two,
                    true,
                    START.plusSeconds(90),
                    new Exchange.Answered(said(2, answer), Duration.ofMillis(5), Duration.ofMillis(20)));
            assertEquals(
                    1,
                    Verdict.of(List.of(exchange), tenant -> chronicle(), asked).mixed());
        }
    }

    @Test
    void anotherVersionUnderTheNameIsMixed() {
        Said misnamed = new Said("a:2", fingerprint(FIRST_DIGEST), true, FIRST);
        assertEquals(1, verdict(90, new Wanted.Serving(false), misnamed).mixed());
        Said torn = new Said("a:2", fingerprint(SECOND_DIGEST), false, SECOND);
        assertEquals(1, verdict(90, new Wanted.Serving(false), torn).mixed());
        Said unknown = new Said("a:7", fingerprint(SECOND_DIGEST), true, SECOND);
        assertEquals(1, verdict(90, new Wanted.Serving(false), unknown).mixed());
    }

    @Test
    void anotherTenantsVersionIsSeen() {
        Said theirs = new Said("b:2", fingerprint(SECOND_DIGEST), true, SECOND);
        assertEquals(1, verdict(90, new Wanted.Serving(false), theirs).wrongTenant());
    }

    @Test
    void noAnswerIsAFailure() {
        Exchange exchange = exchange(30, new Wanted.Serving(false), new Exchange.Failed("503"));
        assertEquals(
                1, Verdict.of(List.of(exchange), tenant -> chronicle(), oracle).failed());
    }

    @Test
    void versionsThatAnswerAlikeAreCounted() {
        assertEquals(new Discrimination(0, 3), Discrimination.of(oracle));
        assertEquals(
                new Discrimination(1, 1),
                Discrimination.of(Map.of(
                        new Asked(QUESTION, FIRST_DIGEST), FIRST,
                        new Asked(QUESTION, SECOND_DIGEST), FIRST)));
    }

    @Test
    void swapsAreCountedByKindAndFromAMomentOn() {
        assertEquals(Map.of("publish", 2), chronicle().swaps(START));
        assertEquals(Map.of("publish", 1), chronicle().swaps(START.plusSeconds(30)));
    }

    private Verdict verdict(long secondsAfterStart, Wanted wanted, Said said) {
        Exchange.Outcome answered = new Exchange.Answered(said, Duration.ofMillis(5), Duration.ofMillis(20));
        return Verdict.of(List.of(exchange(secondsAfterStart, wanted, answered)), tenant -> chronicle(), oracle);
    }

    private static Exchange exchange(long secondsAfterStart, Wanted wanted, Exchange.Outcome outcome) {
        return new Exchange("a", wanted, QUESTION, false, START.plusSeconds(secondsAfterStart), outcome);
    }

    private static Said said(int version, Answer answer) {
        String digest = Optional.ofNullable(
                        Map.of(1, FIRST_DIGEST, 2, SECOND_DIGEST).get(version))
                .orElse("");
        return new Said("a:" + version, fingerprint(digest), true, answer);
    }

    private static String fingerprint(String digest) {
        return digest.isEmpty() ? "fp_0000000000" : "fp_0000000000_" + digest.substring(0, 10);
    }

    /** Version 1 serves after 20 s, version 2 after 60 s; a hold in between changes nothing. */
    private static Chronicle chronicle() {
        JsonNode adapter = NodeHttp.parse("""
                {"versions":[{"number":1,"digest":"%s"},{"number":2,"digest":"%s"}],
                 "history":[{"number":1,"at":"2026-11-22T18:00:20Z","action":"publish","serving":1},
                            {"number":2,"at":"2026-11-22T18:00:40Z","action":"hold","serving":1},
                            {"number":3,"at":"2026-11-22T18:01:00Z","action":"publish","serving":2}]}""".formatted(FIRST_DIGEST, SECOND_DIGEST));
        Chronicle chronicle = new Chronicle();
        chronicle.take(adapter);
        return chronicle;
    }
}
