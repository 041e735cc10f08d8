package io.livegraft.simulation.crash;

import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Counts one tenant's records while its log is read, by the settings that the log has configured. */
final class Effects {
    private final Set<String> ids = new LinkedHashSet<>();
    private int heldOutShare = CrashSettings.HELD_OUT_SHARE;
    private String loss = CrashSettings.LOSS;
    private long trained;
    private long heldOut;
    private long duplicates;
    private long skipped;
    private long undone;

    void configure(Configure values) {
        heldOutShare = values.hasHeldOutShare() ? values.getHeldOutShare() : heldOutShare;
        loss = values.hasLoss() ? values.getLoss() : loss;
    }

    void undo(FeedbackRecord event) {
        ids.add(event.getEventId());
        undone++;
    }

    void take(FeedbackRecord event) {
        if (!ids.add(event.getEventId())) {
            duplicates++;
        } else if (!teaches(event)) {
            skipped++;
        } else if (leadingByte(event.getEventId()) < heldOutShare) {
            heldOut++;
        } else {
            trained++;
        }
    }

    private boolean teaches(FeedbackRecord event) {
        return switch (loss) {
            case "sft" -> !event.hasRating() || event.getRating() != Rating.REJECTED;
            case "dpo" -> event.hasCorrection() || event.hasRejected();
            default -> true;
        };
    }

    private static int leadingByte(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8))[0] & 0xff;
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    /** With the offsets of the control records, in order. */
    Ledger.Account account(List<Long> controls) {
        Ledger.Counts counts = new Ledger.Counts(trained, heldOut, duplicates, skipped, undone);
        return new Ledger.Account(
                List.copyOf(ids), counts, controls.size(), controls.isEmpty() ? -1 : controls.getLast());
    }
}
