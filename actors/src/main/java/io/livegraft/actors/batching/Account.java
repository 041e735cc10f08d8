package io.livegraft.actors.batching;

/** What one tenant has waiting, running and had computed. */
final class Account {
    private final TenantClass kind;
    private final TokenBucket quota;
    private double service;
    private int waiting;
    private int running;

    Account(TenantClass kind, long nowNanos) {
        this.kind = kind;
        this.quota = new TokenBucket(kind.tokensPerMinute(), nowNanos);
    }

    TenantClass kind() {
        return kind;
    }

    TokenBucket quota() {
        return quota;
    }

    /** The virtual token counter: what was computed for it, over its weight. */
    double service() {
        return service;
    }

    void atLeast(double floor) {
        service = Math.max(service, floor);
    }

    void served(double cost) {
        service += cost / kind.weight();
    }

    int waiting() {
        return waiting;
    }

    void waiting(int change) {
        waiting += change;
    }

    boolean mayRun() {
        return running < kind.running();
    }

    void running(int change) {
        running += change;
    }

    boolean active() {
        return waiting + running > 0;
    }

    /** Whether forgetting it changes nothing. */
    boolean dispensable(double floor, long nowNanos) {
        return !active() && service <= floor && quota.full(nowNanos);
    }
}
