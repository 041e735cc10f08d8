package io.livegraft.simulation.crash;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
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

    /** Record {@code index} of a run: the same for the same seed, a duplicate of an earlier one now and then. */
    static CrashEvent of(CrashSettings run, int index) {
        SplittableRandom random = new SplittableRandom(run.seed() ^ (index * 0x9E3779B97F4A7C15L));
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

    private static FeedbackRecord.Builder event(int index, SplittableRandom random) {
        FeedbackRecord.Builder event = FeedbackRecord.newBuilder()
                .setEventId("event-" + index)
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
