package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.KvCache;
import java.util.Optional;

/**
 * Consecutive rows of a batch that belong to one sequence.
 *
 * @param ids tokens to feed, at least one
 * @param position of the first of them; the cache holds all before
 * @param adapter what the sequence's tenant adds to the base
 */
public record Segment(int[] ids, int position, KvCache cache, Optional<AdapterTensors> adapter) {
    public Segment {
        if (ids.length == 0) {
            throw new IllegalArgumentException("a segment needs at least one token");
        }
        if (position + ids.length > cache.capacity()) {
            throw new IllegalArgumentException("positions %d to %d do not fit in a cache of %d"
                    .formatted(position, position + ids.length - 1, cache.capacity()));
        }
    }
}
