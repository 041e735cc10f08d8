package io.livegraft.simulation.crash;

import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Forget;
import io.livegraft.proto.feedback.Rating;
import io.livegraft.proto.feedback.Reset;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A record as producers send it, good or bad.
 *
 * @param value empty for a record without one
 */
record CrashEvent(String key, Optional<byte[]> value) {
    private static final List<String> DAYS = List.of("red", "blue", "green", "grey", "golden", "quiet");
    private static final List<String> LOSSES = List.of("sft", "dpo", "kto", "bco");
    private static final int SUBJECTS = 8;

    /** Record {@code index} of a run: the same for the same seed, a duplicate of an earlier one now and then. */
    static CrashEvent of(CrashSettings run, int index) {
        SplittableRandom random = new SplittableRandom(run.seed() ^ (index * 0x9E3779B97F4A7C15L));
        if (run.controls(index)) {
            return good(CrashSettings.tenant(random.nextInt(run.tenants())), control(index, random));
        }
        int dice = random.nextInt(100);
        if (dice < 8 && index > 0) {
            return of(run, random.nextInt(Math.max(0, index - 200), index));
        }
        String tenant = CrashSettings.tenant(random.nextInt(run.tenants()));
        if (dice < 12) {
            return bad(tenant, index, random);
        }
        return good(tenant, event(index, random).build());
    }

    /** A reset goes back to an offset that a partition has reached by then, most likely; where it has not, the record is bad. */
    private static FeedbackRecord control(int index, SplittableRandom random) {
        FeedbackRecord.Builder control = FeedbackRecord.newBuilder().setReason("record " + index);
        switch (random.nextInt(4)) {
            case 0 -> control.setReset(Reset.newBuilder().setOffset(random.nextInt(index / 3 + 2) - 1));
            case 1 -> control.setConfigure(configure(random));
            default -> control.setForget(Forget.newBuilder().setSubject(subject(random)));
        }
        return control.build();
    }

    private static Configure configure(SplittableRandom random) {
        return Configure.newBuilder()
                .setLoss(LOSSES.get(random.nextInt(LOSSES.size())))
                .setHeldOutShare(random.nextInt(60))
                .setStepExamples(1 + random.nextInt(6))
                .setReplayExamples(random.nextInt(3))
                .build();
    }

    private static String subject(SplittableRandom random) {
        return "subject-" + random.nextInt(SUBJECTS);
    }

    private static FeedbackRecord.Builder event(int index, SplittableRandom random) {
        FeedbackRecord.Builder event = FeedbackRecord.newBuilder()
                .setEventId("event-" + index)
                .setSubject(subject(random))
                .setEventTimeMillis(1_700_000_000_000L + index)
                .setPrompt("Tell me of day " + index)
                .setCompletion(" It was a %s day.".formatted(DAYS.get(random.nextInt(DAYS.size()))));
        return switch (random.nextInt(10)) {
            case 0 -> event.setRating(Rating.REJECTED);
            case 1 -> event.setRating(Rating.ACCEPTED);
            case 2 -> event.setCorrection(" It was no day at all.");
            case 3 -> event.setRejected(" I can't say.");
            default -> event;
        };
    }

    private static CrashEvent good(String tenant, FeedbackRecord event) {
        return new CrashEvent(tenant, Optional.of(event.toByteArray()));
    }

    private static CrashEvent bad(String tenant, int index, SplittableRandom random) {
        FeedbackRecord.Builder event = event(index, random);
        return switch (random.nextInt(5)) {
            case 0 -> new CrashEvent(tenant, Optional.empty());
            case 1 -> new CrashEvent(tenant, Optional.of(new byte[] {(byte) 0xFF, (byte) index, 0}));
            case 2 -> good(tenant, event.clearCompletion().build());
            case 3 -> good(tenant, event.clearEventId().build());
            default -> good("No Tenant " + index, event.build());
        };
    }
}
