package io.livegraft.actors.batching;

import java.util.OptionalLong;

/**
 * One answer that is asked for.
 *
 * @param key what the asker calls it; its identity
 * @param promptTokens at least one
 * @param deadlineNanos on the asker's clock; after it nobody wants the answer
 */
public record Answer<K>(K key, String tenant, int promptTokens, OptionalLong deadlineNanos) {
    boolean late(long nowNanos) {
        return deadlineNanos.isPresent() && nowNanos - deadlineNanos.getAsLong() >= 0;
    }
}
