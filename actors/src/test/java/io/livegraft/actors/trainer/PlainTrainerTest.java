package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlainTrainerTest {
    private static final int EVENTS = 40;

    private final TestingTenant tenant = new TestingTenant(TestingSteps.settings());

    @AfterEach
    void close() {
        tenant.close();
    }

    @Test
    void aForgetOffersTheAdapterThatNeverSawTheSubject() {
        PlainTrainer forgetting = trained(log(List.of("ann", "bob"), new LogEntry.Forget(EVENTS, 9000, "bob", "", "")));
        PlainTrainer innocent = trained(log(List.of("ann"), new LogEntry.Forget(EVENTS, 9000, "nobody", "", "")));
        PlainTrainer.Offered clean = forgetting.offers().getLast();
        assertEquals(EVENTS, clean.offset());
        assertEquals(EVENTS, forgetting.savedThrough());
        assertEquals(innocent.adapterDigest(), clean.adapterDigest());
        assertNotEquals(forgetting.offers().getFirst().adapterDigest(), clean.adapterDigest());
    }

    @Test
    void aForgetOfNobodyOnlyPasses() {
        List<LogEntry> log = log(List.of("ann"), new LogEntry.Forget(EVENTS, 9000, "nobody", "", ""));
        PlainTrainer trainer = trained(log);
        String before = trained(log.subList(0, log.size() - 1)).adapterDigest();
        assertEquals(before, trainer.adapterDigest());
        assertEquals(EVENTS, trainer.savedThrough());
    }

    @Test
    void aResetGoesBack() {
        List<LogEntry> log = log(List.of("ann"), new LogEntry.Reset(EVENTS, 9000, 11, "", ""));
        PlainTrainer trainer = trained(log);
        List<LogEntry> before =
                log.stream().filter(entry -> entry.offset() <= 11).toList();
        assertEquals(trained(before).adapterDigest(), trainer.adapterDigest());
        assertEquals(EVENTS, trainer.savedThrough());
    }

    /** Events of these subjects among those of two; the others are not there. */
    private static List<LogEntry> log(List<String> subjects, LogEntry last) {
        List<LogEntry> log = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            String subject = i % 4 == 3 ? "bob" : "ann";
            if (subjects.contains(subject)) {
                log.add(new LogEntry.Feedback(
                        i,
                        1000 + 10L * i,
                        "event-" + i,
                        i,
                        Label.ACCEPTED,
                        TestingSteps.lesson(i % 20),
                        subject,
                        "principal-" + i));
            }
        }
        log.add(last);
        return log;
    }

    private PlainTrainer trained(List<LogEntry> log) {
        PlainTrainer trainer = new PlainTrainer(tenant.basis(), tenant::train, TestingTenant.NAME, 0);
        log.forEach(trainer::take);
        return trainer;
    }
}
