package io.livegraft.actors.batching;

import java.time.Duration;

/**
 * A quota of tokens a minute. What was used is known only afterwards, so the balance may fall below zero; nothing is let in
 * until it is above again.
 */
final class TokenBucket {
    private static final double MINUTE_NANOS = 60e9;

    private final long tokensPerMinute;
    private double balance;
    private long filledNanos;

    /** Full; 0 tokens a minute is no bound. */
    TokenBucket(long tokensPerMinute, long nowNanos) {
        this.tokensPerMinute = tokensPerMinute;
        this.balance = (double) tokensPerMinute;
        this.filledNanos = nowNanos;
    }

    boolean open(long nowNanos) {
        fill(nowNanos);
        return tokensPerMinute == 0 || balance >= 1;
    }

    boolean full(long nowNanos) {
        fill(nowNanos);
        return balance >= tokensPerMinute;
    }

    void take(long tokens) {
        if (tokensPerMinute > 0) {
            balance -= tokens;
        }
    }

    /** Until it is open again, if nothing more is taken. */
    Duration untilOpen(long nowNanos) {
        fill(nowNanos);
        double missing = Math.max(0, 1 - balance);
        return Duration.ofNanos((long) Math.ceil(missing * MINUTE_NANOS / Math.max(1, tokensPerMinute)));
    }

    private void fill(long nowNanos) {
        double added = (nowNanos - filledNanos) * ((double) tokensPerMinute / MINUTE_NANOS);
        balance = Math.min((double) tokensPerMinute, balance + added);
        filledNanos = nowNanos;
    }
}
