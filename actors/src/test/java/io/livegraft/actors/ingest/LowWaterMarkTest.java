package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.trainer.Trainer;
import io.livegraft.actors.trainer.TrainerCounters;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LowWaterMarkTest {
    private final LowWaterMark mark = new LowWaterMark();

    @Test
    void nothingUnsavedLetsItFollowTheLog() {
        mark.read(7);
        assertEquals(8, mark.value());
    }

    @Test
    void anUnsavedTenantHoldsItBelowItsFirstUnsavedEntry() {
        read("support", 4);
        progress("support", 4, 4, true);
        read("sales", 5);
        read("support", 6);
        progress("support", 6, 4, false);
        progress("sales", 5, 5, true);
        assertEquals(5, mark.value());
        progress("support", 6, 6, true);
        assertEquals(7, mark.value());
    }

    @Test
    void anEntryOnItsWayToATrainerHoldsIt() {
        read("support", 4);
        progress("support", 4, 4, true);
        read("support", 9);
        assertEquals(5, mark.value());
    }

    @Test
    void aRecordOnItsWayToTheDeadLettersHoldsIt() {
        mark.read(3);
        mark.deadLettering(3);
        mark.read(4);
        assertEquals(3, mark.value());
        mark.deadLettered(3);
        assertEquals(5, mark.value());
    }

    @Test
    void aStoppedTrainerHoldsItUntilTheEnd() {
        read("support", 4);
        progress("support", 4, 4, true);
        mark.stopped("support");
        mark.read(100);
        assertEquals(5, mark.value());
    }

    private void read(String tenant, long offset) {
        mark.read(offset);
        mark.given(tenant, offset);
    }

    private void progress(String tenant, long processed, long savedThrough, boolean settled) {
        mark.progress(new Trainer.Progress(
                tenant,
                0,
                processed,
                processed,
                savedThrough,
                settled,
                OptionalLong.empty(),
                1,
                new TrainerCounters(1, 0, 0, 0),
                0,
                ""));
    }
}
