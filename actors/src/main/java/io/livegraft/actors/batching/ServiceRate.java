package io.livegraft.actors.batching;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;

/** How fast answers have ended lately, since there was last nothing to do. */
final class ServiceRate {
    /** Ends that count, the latest. */
    static final int REMEMBERED = 64;

    private final ArrayDeque<Long> ends = new ArrayDeque<>();
    private long sinceNanos;

    /** There is something to do again. */
    void begun(long nowNanos) {
        ends.clear();
        sinceNanos = nowNanos;
    }

    void ended(long nowNanos) {
        ends.add(nowNanos);
        if (ends.size() > REMEMBERED) {
            sinceNanos = ends.remove();
        }
    }

    int counted() {
        return ends.size();
    }

    /** In which so many answers end at this rate; nothing can be told before the first one has. */
    Optional<Duration> durationOf(double answers, long nowNanos) {
        return ends.isEmpty()
                ? Optional.empty()
                : Optional.of(Duration.ofNanos((long) Math.ceil((nowNanos - sinceNanos) * answers / ends.size())));
    }
}
