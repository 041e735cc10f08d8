package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.Trainer;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Tick;
import java.util.Collection;
import java.util.OptionalLong;

/** When a partition needs a tick: some step's log time is over and no tick that says so is in the log yet. */
final class Ticks {
    private static final byte[] RECORD = FeedbackRecord.newBuilder()
            .setTick(Tick.getDefaultInstance())
            .build()
            .toByteArray();

    private long lastMillis = -1;
    private boolean writing;

    /** Whether one is to be written now; then it counts as being written. */
    boolean begin(Collection<AwakeTenant> awake, long nowMillis) {
        boolean due = !writing
                && awake.stream()
                        .flatMap(tenant -> tenant.progress().stream())
                        .map(Trainer.Progress::tickDueMillis)
                        .flatMapToLong(OptionalLong::stream)
                        .anyMatch(millis -> millis <= nowMillis && millis > lastMillis);
        writing |= due;
        return due;
    }

    /** The value of the record. */
    byte[] record() {
        return RECORD.clone();
    }

    /** It is in the log, with this time. */
    void written(long logMillis) {
        writing = false;
        lastMillis = logMillis;
    }
}
