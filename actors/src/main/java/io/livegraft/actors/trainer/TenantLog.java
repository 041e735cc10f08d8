package io.livegraft.actors.trainer;

import java.util.OptionalLong;
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

    /**
     * The first event that a forget left out, where {@link #removeForgotten} took it away; empty where reading the log tells.
     *
     * @param forget its offset
     */
    default OptionalLong firstRemoved(String tenant, int partition, long forget) {
        return OptionalLong.empty();
    }

    /**
     * Takes out of what this node itself keeps of the log, for good, the events that forgets up to an offset leave out. Blocks;
     * again is fine.
     *
     * @throws io.livegraft.gpu.error.LivegraftException UNAVAILABLE where it can't be done now
     */
    default void removeForgotten(String tenant, int partition, long through) {}
}
