package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Phase;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Consecutive rows of a batch that belong to one sequence.
 *
 * @param phase chooses the arithmetic of its products
 * @param ids tokens to feed, at least one
 * @param position of the first of them; the cache holds all before
 * @param cache keys and values of the sequence; without one the segment is a whole sequence from position 0
 * @param adapter what the sequence's tenant adds to the base
 * @param dropoutSeed of this segment's dropout masks; absent where nothing is dropped
 */
public record Segment(
        Phase phase,
        int[] ids,
        int position,
        Optional<KvCache> cache,
        Optional<AdapterTensors> adapter,
        OptionalLong dropoutSeed) {
    public Segment {
        if (ids.length == 0) {
            throw new IllegalArgumentException("a segment needs at least one token");
        }
        int capacity = cache.map(KvCache::capacity).orElse(Integer.MAX_VALUE);
        if (position > capacity - ids.length) {
            throw new IllegalArgumentException("positions %d to %d do not fit in a cache of %d"
                    .formatted(position, position + ids.length - 1, capacity));
        }
        if (cache.isEmpty() && position != 0) {
            throw new IllegalArgumentException("position %d needs a cache of what came before".formatted(position));
        }
    }

    /** A prompt, or a piece of one: it sees the cache and is added to it. */
    public static Segment prefill(int[] ids, int position, KvCache cache, Optional<AdapterTensors> adapter) {
        return new Segment(Phase.PREFILL, ids, position, Optional.of(cache), adapter, OptionalLong.empty());
    }

    /** The token of a decode step: it sees the cache and is added to it. */
    public static Segment decode(int id, int position, KvCache cache, Optional<AdapterTensors> adapter) {
        return new Segment(Phase.DECODE, new int[] {id}, position, Optional.of(cache), adapter, OptionalLong.empty());
    }

    /** Tokens of decode steps that are known already, one behind the other: each row has the bits of its own step. */
    public static Segment replay(int[] ids, int position, KvCache cache, Optional<AdapterTensors> adapter) {
        return new Segment(Phase.DECODE, ids, position, Optional.of(cache), adapter, OptionalLong.empty());
    }

    /** Whether this is the token of one decode step. */
    boolean isStep() {
        return phase == Phase.DECODE && ids.length == 1;
    }

    /** A sequence in one piece, for training and evaluation: it leaves nothing behind. */
    public static Segment whole(int[] ids, Optional<AdapterTensors> adapter, OptionalLong dropoutSeed) {
        return new Segment(Phase.TRAINING, ids, 0, Optional.empty(), adapter, dropoutSeed);
    }
}
