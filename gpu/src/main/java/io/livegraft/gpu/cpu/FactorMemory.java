package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.HugeMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Native memory of adapters, a block each. A block that is given back serves the next adapter of its size: versions of a tenant, and
 * mostly those of all tenants, are of one size, so that swaps neither map memory nor leave it behind.
 */
final class FactorMemory {
    /** Blocks kept for later; one more goes when nothing reaches it. */
    private static final int MOST_KEPT = 8;

    private final HugeMemory memory;
    private final ArrayDeque<MemorySegment> kept = new ArrayDeque<>();

    FactorMemory(HugeMemory memory) {
        this.memory = memory;
    }

    /** Any bytes, 64-byte aligned. */
    synchronized MemorySegment take(long bytes) {
        for (MemorySegment block : kept) {
            if (block.byteSize() == bytes) {
                kept.remove(block);
                return block;
            }
        }
        return memory.allocateAlone(bytes);
    }

    synchronized void giveBack(MemorySegment block) {
        if (kept.size() == MOST_KEPT) {
            kept.removeFirst();
        }
        kept.addLast(block);
    }
}
