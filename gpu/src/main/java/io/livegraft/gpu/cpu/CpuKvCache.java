package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;

/** A cache of this backend. */
sealed interface CpuKvCache extends KvCache permits FloatKvCache, StripKvCache {
    int kvHeads();

    int headDim();

    static CpuKvCache of(KvCache cache) {
        return (CpuKvCache) cache;
    }

    default void requireRoom(CpuTensor k, CpuTensor v, int position) {
        k.requireShape(k.rows(), kvHeads() * headDim());
        v.requireShapeOf(k);
        if (position + k.rows() > capacity()) {
            throw new IllegalArgumentException(
                    "KV cache holds %d positions, not %d".formatted(capacity(), position + k.rows()));
        }
    }
}
