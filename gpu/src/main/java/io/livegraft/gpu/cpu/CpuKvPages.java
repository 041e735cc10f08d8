package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;

/** Pages of this backend. */
sealed interface CpuKvPages extends KvPages permits FloatKvPages, StripKvPages {
    PageShape shape();

    @Override
    default int count() {
        return shape().count();
    }

    @Override
    default int pageTokens() {
        return shape().pageTokens();
    }

    default int kvHeads() {
        return shape().kvHeads();
    }

    default int headDim() {
        return shape().headDim();
    }

    static CpuKvPages of(KvCache cache) {
        return (CpuKvPages) cache.memory();
    }

    /** Refuses rows that a cache of this memory has no room for. */
    default void requireRoom(KvCache cache, CpuTensor k, CpuTensor v, int position) {
        k.requireShape(k.rows(), kvHeads() * headDim());
        v.requireShapeOf(k);
        cache.requireRoom(position, k.rows());
    }
}
