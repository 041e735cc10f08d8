package io.livegraft.gpu.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that grows to the largest size asked for and is used again; one thread's own, contents are what was left in it. */
final class NativeBuffer {
    private static final int ALIGNMENT = 64;

    private MemorySegment memory = MemorySegment.NULL;

    /** Grown memory is dropped to the collector. */
    MemorySegment atLeast(long bytes) {
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        }
        return memory;
    }
}
