package io.livegraft.actors.trainer;

import java.util.function.Consumer;

/** What trainers' logs are read again from: the feedback topic, or an archive of it. */
@FunctionalInterface
public interface TenantLog {
    /**
     * Gives every entry of a tenant's log in this range, ticks included, in order. Blocks.
     *
     * @param from first offset
     * @param through last offset
     * @throws io.livegraft.gpu.error.LivegraftException UNAVAILABLE where the log no longer reaches back to {@code from}, does not
     *     reach {@code through} or can't be read
     */
    void read(String tenant, int partition, long from, long through, Consumer<LogEntry> taker);
}
