package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.trainer.LabelCounts;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.actors.trainer.TrainerCounters;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.TrainingExample;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class LowWaterMarkTest {
    private static final Lesson LESSON = Lesson.better(new TrainingExample(new int[] {1, 2}, 1));

    private static final ActorTestKit TEST_KIT = ActorTestKit.create();
    private static final ConsumerRecord<byte[], byte[]> RECORD =
            new ConsumerRecord<>("topic", 0, 0, new byte[0], new byte[0]);

    private final LowWaterMark mark = new LowWaterMark();
    private final AwakeTenants awake = new AwakeTenants(2);
    private final TestProbe<Trainer.Command> trainer = TEST_KIT.createTestProbe();
    private long nowMillis;

    @AfterAll
    static void shutDown() {
        TEST_KIT.shutdownTestKit();
    }

    @Test
    void nothingUnsavedLetsItFollowTheLog() {
        mark.read(7);
        assertMark(8);
    }

    @Test
    void anUnsavedTenantHoldsItAtItsFirstEventSinceItWasAtRest() {
        feedback("support", 4);
        progress("support", 1, 4, true);
        feedback("sales", 5);
        feedback("support", 6);
        progress("support", 2, 4, false);
        progress("sales", 1, 5, true);
        assertMark(6);
        progress("support", 2, 6, true);
        assertMark(7);
    }

    @Test
    void anEntryOnItsWayToATrainerHoldsIt() {
        feedback("support", 4);
        assertMark(4);
        progress("support", 1, 4, true);
        assertMark(5);
        feedback("support", 9);
        assertMark(9);
        assertEquals(1, awake.outstanding());
    }

    @Test
    void aTenantWithADeadlineHoldsItAtItsLatestEventThatWillWakeItAgain() {
        feedback("support", 4);
        feedback("support", 6);
        tick("support", 8);
        Trainer.Progress due = told("support", 3, 8, true, OptionalLong.of(1_000));
        awake.progress(due);
        assertMark(6);
        awake.progress(told("support", 3, 8, true, OptionalLong.empty()));
        assertMark(9);
    }

    @Test
    void aTickAfterWhatIsSavedIsReadAgainOnlyBehindAnEventThatWakesItsTenant() {
        feedback("support", 4);
        feedback("support", 6);
        awake.progress(told("support", 2, 6, true, OptionalLong.of(1_000)));
        tick("support", 7);
        feedback("support", 9);
        assertMark(6);
        awake.progress(told("support", 4, 7, true, OptionalLong.of(2_000)));
        assertMark(6);
        awake.progress(told("support", 4, 9, true, OptionalLong.empty()));
        assertMark(10);
    }

    @Test
    void whatATenantHadBeforeItWasAtRestIsNotReadAgain() {
        feedback("support", 4);
        progress("support", 1, 4, true);
        feedback("support", 1_000);
        assertMark(1_000);
    }

    @Test
    void whatAnEarlierTrainerToldCountsForNothing() {
        feedback("support", 4);
        Trainer.Progress late = told("support", 1, 4, true, OptionalLong.empty());
        awake.progress(late);
        assertTrue(awake.evictOne().isPresent());
        feedback("support", 7);
        awake.progress(late);
        assertMark(7);
        assertEquals(1, awake.outstanding());
    }

    @Test
    void aRecordOnItsWayToTheDeadLettersHoldsIt() {
        mark.read(3);
        mark.deadLettering(3);
        mark.read(4);
        assertMark(3);
        mark.deadLettered(3);
        assertMark(5);
    }

    @Test
    void whatATenantMissedHoldsItUntilItIsReadAgain() {
        mark.missed("support", 5);
        mark.read(100);
        mark.missed("support", 50);
        assertMark(5);
        assertTrue(mark.misses("support"));
        mark.readsFrom(6);
        assertTrue(mark.misses("support"));
        mark.readsFrom(5);
        assertFalse(mark.misses("support"));
        assertMark(5);
    }

    @Test
    void whoeverWasLongestAtRestMakesRoomAndWhoeverIsNotAtRestStays() {
        feedback("support", 1);
        feedback("sales", 2);
        assertTrue(awake.full());
        assertEquals(Optional.empty(), awake.evictOne());
        progress("sales", 1, 2, true);
        feedback("support", 3);
        progress("support", 2, 3, true);
        assertEquals(1, awake.evictIdle(2).size());
        assertFalse(awake.get("sales").isPresent());
        assertEquals("support", awake.evictOne().orElseThrow().name());
    }

    private void assertMark(long expected) {
        assertEquals(expected, mark.value(awake.all()));
    }

    private void feedback(String tenant, long offset) {
        add(tenant, new LogEntry.Feedback(offset, 0, "event", 0, LESSON));
    }

    private void tick(String tenant, long offset) {
        add(tenant, new LogEntry.Tick(offset, 0));
    }

    private void add(String name, LogEntry entry) {
        mark.read(entry.offset());
        AwakeTenant tenant = awake.get(name).orElseGet(() -> {
            AwakeTenant woken = awake.wake(name, entry.offset());
            woken.wakes(trainer.ref());
            return woken;
        });
        awake.add(tenant, RECORD, entry, ++nowMillis);
        tenant.give();
    }

    private void progress(String tenant, long taken, long savedThrough, boolean settled) {
        awake.progress(told(tenant, taken, savedThrough, settled, OptionalLong.empty()));
    }

    private Trainer.Progress told(
            String tenant, long taken, long savedThrough, boolean settled, OptionalLong tickDueMillis) {
        return new Trainer.Progress(
                tenant,
                awake.get(tenant).orElseThrow().life(),
                0,
                taken,
                savedThrough,
                savedThrough,
                settled,
                tickDueMillis,
                1,
                new TrainerCounters(1, 0, 0, 0, 0, 0, new LabelCounts(1, 0, 0, 0, 0)),
                0,
                "",
                0);
    }
}
