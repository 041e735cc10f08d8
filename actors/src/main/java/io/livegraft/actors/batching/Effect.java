package io.livegraft.actors.batching;

import java.util.List;

/** What is to be done on the device next. */
public sealed interface Effect<K> {
    /** Take it in, then tell {@link BatchingCore#admitted} or {@link BatchingCore#ended}. */
    record Admit<K>(K key) implements Effect<K> {}

    /** Give its pages back; it goes on later. */
    record Suspend<K>(K key) implements Effect<K> {}

    /** One pass over the base; ends the turn. */
    record Advance<K>(List<Chunk<K>> batch) implements Effect<K> {
        public Advance {
            batch = List.copyOf(batch);
        }
    }

    /** Nothing runs and nothing can be admitted; ends the turn. */
    record Rest<K>() implements Effect<K> {}

    /** So many tokens of it are fed, at most as many as are pending. */
    record Chunk<K>(K key, int tokens) {}
}
